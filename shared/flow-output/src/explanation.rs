//! What one record, or a request and its reply, means: as a person would tell it.
//!
//! Neighbouring records of one conversation at one place are told together, if no long gap is between them. Why something
//! was refused is said when it can be known, and what is left open otherwise. Source: "Security groups and network ACLs"
//! and "Flow log limitations" in the Amazon VPC user guide.

mod asking;
mod late;
mod leg;
mod loss;
mod place;
mod words;

use flow_detect::Language;
use flow_enrich::EnrichedFlow;
use flow_record::Line;
use jiff::tz::TimeZone;

use self::asking::{is_reply, precedence};
use self::late::{Late, lateness};
use self::leg::Leg;
use self::words::Words;

/// The longest gap in a conversation, in seconds: a record stands for up to 600 s, and most of what AWS tracks is forgotten
/// once it was idle for 350 s, so that what follows later begins anew.
const LONGEST_GAP: u64 = 600 + 350;

/// The longest one before it is refused, in seconds: hosts look after an idle connection in 2 h (RFC 1122, 4.2.3.6), and
/// then find that a security group forgot it.
const LONGEST_GAP_BEFORE_REFUSAL: u64 = 600 + 7200;

/// Tells records one conversation at a time.
#[derive(Debug)]
pub struct Explainer {
    words: Words,
    told: Option<Conversation>,
}

/// Neighbouring records between the same two ends, refused for one reason at most: one part for each way and what became
/// of it.
#[derive(Debug, Default)]
struct Conversation {
    parts: Vec<Leg>,
}

/// What is told of a conversation.
#[derive(Debug, Default)]
struct Told {
    request: Option<Leg>,
    reply: Option<Leg>,
    late: Vec<Late>,
}

impl Explainer {
    /// In a language, with times as the clocks of `zone` show them.
    pub fn new(language: Language, zone: TimeZone) -> Self {
        Explainer { words: Words::new(language, zone), told: None }
    }

    /// Takes one more record; gives the text of what came before it, if this one begins something else.
    ///
    /// `flow` is the record of `line`, with what is known beside it.
    pub fn add(&mut self, line: &Line<'_>, flow: &EnrichedFlow<'_>) -> Option<String> {
        let leg = match line {
            Line::Flow(_) => Leg::of(flow),
            Line::NoData(_) | Line::SkipData(_) => {
                let before = self.finish();
                let is_skipped = matches!(line, Line::SkipData(_));
                let own = self.words.of_no_flow(&Leg::of(flow), is_skipped);
                return Some(before.map_or_else(|| own.clone(), |before| format!("{before}\n{own}")));
            }
        };
        if let Some(conversation) = &mut self.told
            && conversation.is_of(&leg)
        {
            conversation.take(leg);
            return None;
        }
        let before = self.finish();
        self.told.insert(Conversation::default()).take(leg);
        before
    }

    /// The text of what was not told yet.
    pub fn finish(&mut self) -> Option<String> {
        self.told.take().map(|conversation| self.words.of_conversation(&conversation.told()))
    }
}

impl Conversation {
    fn is_of(&self, leg: &Leg) -> bool {
        self.parts.iter().all(|known| {
            let is_one_reason =
                !known.is_refused() || !leg.is_refused() || known.reject_reason == leg.reject_reason;
            is_one_reason && (known.is_same_way(leg) || known.is_other_way(leg))
        }) && self.parts.iter().any(|known| is_near(known, leg))
    }

    fn take(&mut self, leg: Leg) {
        match self.parts.iter_mut().find(|known| known.is_same_way(&leg) && known.verdict == leg.verdict) {
            Some(known) => known.merge(leg),
            None => self.parts.push(leg),
        }
    }

    fn told(mut self) -> Told {
        self.parts.sort_by_cached_key(precedence);
        let accepted: Vec<_> = self.parts.iter().filter(|leg| leg.is_accepted()).collect();
        let judged: Vec<_> = self
            .parts
            .iter()
            .map(|leg| {
                let is_reply = is_reply(leg, &self.parts);
                (is_reply, lateness(leg, &accepted, is_reply))
            })
            .collect();
        let mut told = Told::default();
        for (leg, (is_reply, lateness)) in self.parts.into_iter().zip(judged) {
            match lateness {
                Some((gap, why)) => told.late.push(Late { leg, gap, why }),
                None => told.add(leg, is_reply),
            }
        }
        told
    }
}

/// Whether two parts may be of one conversation by their times; what has none is near.
fn is_near(one: &Leg, other: &Leg) -> bool {
    let (before, after) = if one.start <= other.start { (one, other) } else { (other, one) };
    let limit =
        if before.is_accepted() && after.is_refused() { LONGEST_GAP_BEFORE_REFUSAL } else { LONGEST_GAP };
    let gap =
        after.start.zip(before.end.max(before.start)).map_or(0, |(next, last)| next.saturating_sub(last));
    gap <= limit
}

/// Whether all of one was over when the other began.
fn is_before(one: &Leg, other: &Leg) -> bool {
    one.end.max(one.start).zip(other.start).is_some_and(|(last, first)| last < first)
}

impl Told {
    fn add(&mut self, leg: Leg, is_reply: bool) {
        let place = if is_reply { &mut self.reply } else { &mut self.request };
        match place {
            Some(known) => known.merge(leg),
            None => *place = Some(leg),
        }
    }

    fn legs(&self) -> impl Iterator<Item = &Leg> {
        self.request.iter().chain(&self.reply)
    }

    /// What can be said of the reason why it was or was not let through.
    fn reason(&self) -> Reason<'_> {
        if let Some(reason) = self.legs().find_map(|leg| leg.reject_reason.as_deref()) {
            return Reason::Stated(reason);
        }
        match (&self.request, &self.reply) {
            (Some(request), Some(reply))
                if request.is_accepted() && reply.is_refused() && !is_before(reply, request) =>
            {
                Reason::ReplyRefused { request, reply }
            }
            (Some(request), _) if request.is_refused() => Reason::RequestRefused(request),
            // Of a request that came later, or that was let through in part alone, it may not be the reply.
            (_, Some(reply)) if reply.is_refused() => Reason::ReplyAlone,
            (Some(request), None) if request.is_accepted() => {
                let is_reply_late = self.late.iter().any(|late| late.leg.is_other_way(request));
                if is_reply_late { Reason::Unclear } else { Reason::NoReply }
            }
            (Some(request), Some(reply)) if request.is_accepted() && reply.is_accepted() => Reason::Through,
            _ => Reason::Unclear,
        }
    }
}

/// Why something was or was not let through.
#[derive(Debug)]
enum Reason<'a> {
    /// The record says it.
    Stated(&'a str),
    /// Security groups let replies of what they accepted through: only a network ACL can have refused it.
    ReplyRefused { request: &'a Leg, reply: &'a Leg },
    /// Either kind of rule may have.
    RequestRefused(&'a Leg),
    /// A refused reply whose request is not here.
    ReplyAlone,
    /// Nothing came back, as far as these records tell.
    NoReply,
    /// Both ways were accepted.
    Through,
    /// These records do not say enough.
    Unclear,
}
