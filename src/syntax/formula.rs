//! stub
use super::*;
use crate::error::*;
#[derive(Debug, Clone)]
pub struct Formula {
    source: String,
    ast: Ast,
}
impl Formula {
    pub fn ast(&self) -> &Ast {
        &self.ast
    }
    pub fn source(&self) -> &str {
        &self.source
    }
    pub fn free_names(&self) -> Vec<FreeName> {
        vec![]
    }
}
#[derive(Debug, Clone)]
pub struct FreeName {
    pub name: String,
    pub indexed: bool,
    pub span: Span,
}
impl std::str::FromStr for Formula {
    type Err = Error;
    fn from_str(_s: &str) -> Result<Self> {
        Err(Error::new(ErrorKind::Syntax, "stub"))
    }
}
pub fn suggest<'a>(_name: &str, _c: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    None
}
