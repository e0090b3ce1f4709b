//! stub
use super::*;
#[derive(Clone, Copy, PartialEq)]
pub enum Language {
    Text,
    Latex,
    Rust,
    C,
    Python,
}
pub fn expression(g: &Graph, root: NodeId, _n: &[String], _l: Language) -> String {
    format!("{:?}", g.node(root))
}
pub fn program(_g: &Graph, _o: &[(String, NodeId)], _n: &[String], _l: Language) -> String {
    String::new()
}
