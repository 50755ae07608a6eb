//! Scenes in files: made once, and read by runs that measure only what comes after.
//!
//! Text: the format of the lines, the number of records, then a line for each event, the Unix second in which it arrives
//! and, behind a space, its JSON.

use std::io::{BufRead, Error, ErrorKind, Result, Write};

use crate::scene::Scene;

impl Scene {
    /// Writes it.
    pub fn write(&self, mut to: impl Write) -> Result<()> {
        writeln!(to, "{}\n{}", self.format, self.records)?;
        self.events.iter().try_for_each(|(event, now)| writeln!(to, "{now} {event}"))
    }

    /// Reads what [`Scene::write`] wrote.
    pub fn read(from: impl BufRead) -> Result<Self> {
        let mut lines = from.lines();
        let mut next = || lines.next().unwrap_or_else(|| Err(broken("two lines before the events")));
        let (format, records) = (next()?, next()?);
        let records = records.parse().map_err(|_| broken("a number of records"))?;
        let event = |line: Result<String>| {
            let line = line?;
            let (now, event) = line.split_once(' ').ok_or_else(|| broken("a time and an event"))?;
            Ok((event.to_owned(), now.parse().map_err(|_| broken("a time in seconds"))?))
        };
        Ok(Scene { format, events: lines.map(event).collect::<Result<_>>()?, records })
    }
}

fn broken(expected: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("no scene: expected {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let scene = Scene::subscription(flow_record::VPC_DEFAULT, 5, 3);
        assert_eq!((scene.events.len(), scene.records), (3, 15));
        let mut file = Vec::new();
        scene.write(&mut file).unwrap();
        assert_eq!(Scene::read(&file[..]).unwrap(), scene);
        assert!(Scene::read(&b"version\n"[..]).is_err());
        assert!(Scene::read(&b"version\n1\nnow {}\n"[..]).is_err());
    }
}
