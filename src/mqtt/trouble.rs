//! Why there is no connection, and that it is told once.

use std::fmt::{self, Display, Formatter};
use std::io;

use super::session::SessionError;

/// What ended a connection, or kept one from coming about.
#[derive(Debug)]
pub enum Trouble {
    Unreachable(io::Error),
    Password(io::Error),
    Session(SessionError),
    /// By the broker or the network.
    Closed(String),
    /// The broker reads nothing.
    Stuck,
    /// The broker ended several connections soon after they began.
    Brief,
}

impl Trouble {
    /// Whether the broker itself hung up.
    pub fn is_by_broker(&self) -> bool {
        matches!(self, Self::Closed(_))
    }

    /// Whether somebody has to mend it.
    pub fn is_lasting(&self) -> bool {
        let refused =
            |error: &SessionError| matches!(error, SessionError::Refused(code) if *code != 3);
        match self {
            Self::Session(error) => refused(error),
            Self::Brief | Self::Password(_) => true,
            Self::Unreachable(_) | Self::Closed(_) | Self::Stuck => false,
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Unreachable(_) => 1,
            Self::Password(_) => 2,
            Self::Session(SessionError::Refused(code)) => 10 + code.min(&6),
            Self::Session(_) => 3,
            Self::Closed(_) => 4,
            Self::Brief => 5,
            Self::Stuck => 6,
        }
    }
}

/// Whom it is about, for messages.
#[derive(Clone, Debug)]
pub struct Parties {
    pub broker: String,
    pub client_id: String,
}

/// By a unit's `RestrictAddressFamilies=` or `PrivateNetwork=`: EAFNOSUPPORT, or
/// ENETUNREACH.
fn has_no_network(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(97 | 101))
}

/// A trouble in words for people.
pub struct Told<'a>(pub &'a Trouble, pub &'a Parties);

impl Display for Told<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Parties { broker, client_id } = self.1;
        match self.0 {
            Trouble::Unreachable(error) if has_no_network(error) => write!(
                f,
                "cannot reach the MQTT broker {broker}: {error}; does this service have a \
                 network? Its unit has none until a drop-in gives it one; trying again"
            ),
            Trouble::Unreachable(error) => {
                write!(f, "cannot reach the MQTT broker {broker}: {error}; trying again")
            }
            Trouble::Password(error) => write!(
                f,
                "cannot use `password_file` of [output.mqtt]: {error}; nothing is published \
                 until it is mended"
            ),
            Trouble::Session(error @ SessionError::Refused(_)) => write!(
                f,
                "the MQTT broker {broker} refuses the connection: {error}; check `username`, \
                 `password_file` and `client_id` of [output.mqtt]; trying again now and then"
            ),
            Trouble::Session(error) => {
                write!(f, "the MQTT broker {broker} is of no use: {error}; trying again")
            }
            Trouble::Closed(how) => {
                write!(f, "the MQTT broker {broker} has ended the connection: {how}; trying again")
            }
            Trouble::Stuck => {
                write!(f, "the MQTT broker {broker} reads nothing; trying again")
            }
            Trouble::Brief => write!(
                f,
                "the MQTT broker {broker} ends each connection soon after it began: another \
                 client may use the id `{client_id}`, or it takes no packet of this size or \
                 topic; see the broker's log; trying again now and then"
            ),
        }
    }
}

/// Tells a trouble when it comes, not again at each try.
#[derive(Debug, Default)]
pub struct Teller {
    told: Option<u8>,
}

impl Teller {
    /// Returns whether it was told.
    pub fn tell(&mut self, trouble: &Trouble, parties: &Parties) -> bool {
        let is_new = self.told != Some(trouble.kind());
        if is_new {
            self.told = Some(trouble.kind());
            log::warn!("{}", Told(trouble, parties));
        }
        is_new
    }

    /// A connection has lasted; `true` if there had been trouble.
    pub fn settle(&mut self) -> bool {
        self.told.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_is_told_once_until_a_connection_has_lasted() {
        let parties = Parties { broker: "b:1883".into(), client_id: "id".into() };
        let mut teller = Teller::default();
        let refused = Trouble::Session(SessionError::Refused(4));
        let told: Vec<bool> = (0..3).map(|_| teller.tell(&refused, &parties)).collect();
        assert_eq!(told, [true, false, false]);
        assert!(teller.tell(&Trouble::Brief, &parties), "another one");
        assert!(teller.settle() && !teller.settle());
        assert!(teller.tell(&Trouble::Brief, &parties));
        let text = Told(&refused, &parties).to_string();
        assert!(text.contains("b:1883") && text.contains("user name or password"), "{text}");
        assert!(Told(&Trouble::Brief, &parties).to_string().contains("`id`"));
    }

    #[test]
    fn what_time_does_not_mend_is_tried_seldom() {
        assert!(Trouble::Session(SessionError::Refused(5)).is_lasting());
        assert!(!Trouble::Session(SessionError::Refused(3)).is_lasting(), "it is starting");
        assert!(!Trouble::Closed("x".into()).is_lasting() && Trouble::Brief.is_lasting());
    }
}
