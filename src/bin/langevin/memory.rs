//! How much memory the machine has left for the program, where the system tells.

/// Bytes that are free, and no more than the limits of the program's group (cgroup 2) and of its address space leave.
pub(crate) fn free() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let kibibytes = |text: &str, key: &str| text.lines().find(|line| line.starts_with(key))?.split_whitespace().nth(1)?.parse::<u64>().ok();
    let about = read("/proc/meminfo")?;
    let machine = 1024 * (kibibytes(&about, "MemAvailable:")? + kibibytes(&about, "SwapFree:").unwrap_or(0));
    let number = |path: &str| read(path)?.trim().parse::<u64>().ok();
    let group = number("/sys/fs/cgroup/memory.max").zip(number("/sys/fs/cgroup/memory.current"));
    let space = read("/proc/self/limits").and_then(|limits| {
        let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?.to_string();
        line.split_whitespace().next()?.parse::<u64>().ok()
    });
    let used = read("/proc/self/status").and_then(|status| kibibytes(&status, "VmSize:")).map_or(0, |used| 1024 * used);
    let left = group.map(|(most, used)| most.saturating_sub(used)).into_iter().chain(space.map(|most| most.saturating_sub(used)));
    Some(left.fold(machine, u64::min))
}
