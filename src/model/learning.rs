//! Whether the memory goes on learning, and by which rule. Site files say so,
//! so this file needs no memory.

/// Which maximum divides the update weights of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normaliser {
    /// Over all queries, as the released code has it.
    Released,
    /// Over the queries that chose the item, the paper's eq. 5.
    Paper,
}

/// How the memory changes while the program runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MemoryUpdate {
    /// Not at all.
    #[default]
    Frozen,
    /// With the normaliser of the authors' released code.
    Released,
    /// With the normaliser of the paper's eq. 5.
    Paper,
}

impl MemoryUpdate {
    pub const ALL: [Self; 3] = [Self::Frozen, Self::Released, Self::Paper];

    /// The word of the configuration and of the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Frozen => "frozen",
            Self::Released => "released",
            Self::Paper => "paper",
        }
    }

    /// The rule that it learns by; `None` where it does not.
    pub fn normaliser(self) -> Option<Normaliser> {
        match self {
            Self::Frozen => None,
            Self::Released => Some(Normaliser::Released),
            Self::Paper => Some(Normaliser::Paper),
        }
    }
}
