//! Names of the topics.

use super::identity::slug;

/// The topics of a site, `PREFIX/SITE/…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topics {
    pub available: String,
    pub alarm: String,
    pub state: String,
    pub score: String,
    pub fault: String,
    pub camera: String,
    pub tamper: String,
    pub changed: String,
    pub armed: String,
    pub budget: String,
    pub learning: String,
    pub armed_set: String,
    pub acknowledge: String,
    pub reason: String,
    pub event: String,
    pub picture: String,
    /// Where Home Assistant looks for devices, and where it says that it is there.
    pub discovery: Option<Discovery>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    pub config: String,
    pub status: String,
}

impl Topics {
    /// `device` names the device in the topic of its discovery; without a
    /// `discovery_prefix` there is none.
    pub fn new(prefix: &str, site: &str, discovery_prefix: &str, device: &str) -> Self {
        let topic = |leaf: &str| format!("{prefix}/{}/{leaf}", slug(site));
        let discovery = (!discovery_prefix.is_empty()).then(|| Discovery {
            config: format!("{discovery_prefix}/device/{device}/config"),
            status: format!("{discovery_prefix}/status"),
        });
        Self {
            available: topic("available"),
            alarm: topic("alarm"),
            state: topic("state"),
            score: topic("score"),
            fault: topic("fault"),
            camera: topic("camera"),
            tamper: topic("tamper"),
            changed: topic("changed"),
            armed: topic("armed"),
            budget: topic("budget"),
            learning: topic("learning"),
            armed_set: topic("armed/set"),
            acknowledge: topic("acknowledge"),
            reason: topic("reason"),
            event: topic("event"),
            picture: topic("picture"),
            discovery,
        }
    }

    /// What is subscribed to.
    pub fn filters(&self, commands: bool) -> Vec<String> {
        let status = self.discovery.iter().map(|discovery| discovery.status.clone());
        let commands = [&self.armed_set, &self.acknowledge].into_iter().filter(|_| commands);
        status.chain(commands.cloned()).collect()
    }
}
