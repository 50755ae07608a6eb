//! The rules that run: the built-in ones, replaced and joined by the user's.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use flow_enrich::EnrichedFlow;
use flow_query::{MAX_SIEVED, PatternWarning, Sieve};
use flow_record::{Field, FieldSet, FlowLogSource, RecordFormat};

use crate::definition_error::{DefinitionError, DefinitionErrorKind, DefinitionFile};
use crate::rule::{Mode, Rule};

/// How many choices of rules a set remembers: the log groups of a function have few formats.
const MOST_CHOICES: usize = 16;

/// Compiled rules, sorted by id.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<Rule>,
    /// One for each [`MAX_SIEVED`] rules.
    sieves: Vec<Sieve>,
    /// The [`state_id`](Rule::state_id) of each, once someone has asked.
    state_ids: OnceLock<Box<[u64]>>,
    /// What was chosen for the formats seen so far: batches are small, and to choose takes as long as reading some records.
    choices: Mutex<Vec<Arc<Choice>>>,
}

impl RuleSet {
    fn of(mut rules: Vec<Rule>) -> Self {
        rules.sort_by(|left, right| left.id.cmp(&right.id));
        let sieve = |rules: &[Rule]| Sieve::new(rules.iter().map(|rule| rule.query.query()));
        let sieves = rules.chunks(MAX_SIEVED).map(sieve).collect();
        RuleSet { rules, sieves, state_ids: OnceLock::new(), choices: Mutex::default() }
    }

    /// The built-in rules alone.
    pub fn defaults() -> Self {
        RuleSet::of(Rule::built_in().collect())
    }

    /// The built-in rules and the given files, as (name, text): a file with the id of a built-in rule replaces it,
    /// others are added.
    ///
    /// # Errors
    /// Every mistake found, in the order of the files; two given files with the same id are one.
    pub fn with_files<'f>(
        files: impl IntoIterator<Item = (&'f str, &'f str)>,
    ) -> Result<Self, Vec<DefinitionError>> {
        let mut rules: Vec<Rule> = Rule::built_in().collect();
        for rule in read_all(files)? {
            match rules.iter_mut().find(|known| known.id == rule.id) {
                Some(known) => *known = rule,
                None => rules.push(rule),
            }
        }
        Ok(RuleSet::of(rules))
    }

    /// Only the given files.
    ///
    /// # Errors
    /// As [`with_files`](Self::with_files).
    pub fn only_files<'f>(
        files: impl IntoIterator<Item = (&'f str, &'f str)>,
    ) -> Result<Self, Vec<DefinitionError>> {
        let rules = read_all(files)?;
        Ok(RuleSet::of(rules))
    }

    /// The same rules as though all up to `quietest` mode told people, the others switched off.
    #[must_use]
    pub fn told_up_to(mut self, quietest: Mode) -> Self {
        self.choices = Mutex::default();
        for rule in &mut self.rules {
            rule.mode = if rule.mode <= quietest { Mode::Notify } else { Mode::Off };
        }
        self
    }

    /// All rules, by id.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule at `index`, which must be below the number of rules.
    pub fn rule(&self, index: usize) -> &Rule {
        &self.rules[index]
    }

    /// The rule with this id.
    pub fn find(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// The [`state_id`](Rule::state_id) of each rule, in their order.
    fn state_ids(&self) -> &[u64] {
        self.state_ids.get_or_init(|| self.rules.iter().map(Rule::state_id).collect())
    }

    /// The [`state_id`](Rule::state_id) of the rule at `index`, which must be below the number of rules.
    pub(crate) fn state_id(&self, index: usize) -> u64 {
        self.state_ids()[index]
    }

    /// The place of the rule that kept state under `id`.
    pub(crate) fn place_of_state(&self, id: u64) -> Option<usize> {
        self.state_ids().iter().position(|known| *known == id)
    }

    /// The rules up to `quietest` mode that records of `format` can serve, and those that they can't.
    pub fn for_format(&self, format: &RecordFormat, quietest: Mode) -> ActiveRules<'_> {
        let mut choices = self.choices.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |choice: &&Arc<Choice>| choice.fields == format.fields() && choice.quietest == quietest;
        if let Some(known) = choices.iter().find(is_it) {
            return ActiveRules { set: self, choice: Arc::clone(known) };
        }
        let choice = Arc::new(self.choice(format, quietest));
        if choices.len() < MOST_CHOICES {
            choices.push(Arc::clone(&choice));
        }
        ActiveRules { set: self, choice }
    }

    fn choice(&self, format: &RecordFormat, quietest: Mode) -> Choice {
        let running = self.rules.iter().enumerate().filter(|(_, rule)| rule.mode <= quietest);
        let (active, others): (Vec<_>, Vec<_>) =
            running.partition(|(_, rule)| rule.query.is_applicable(format));
        let missing = |(_, rule): (usize, &Rule)| (rule.id.clone(), rule.query.missing_fields(format));
        // Of rules for the logs of transit gateways nobody needs to hear over those of a VPC.
        let is_of_this_log = |(_, missing): &(String, Vec<Field>)| {
            is_transit_gateway(format.fields())
                || !missing.iter().all(|field| field.source() == FlowLogSource::Tgw)
        };
        let not_applicable = others.into_iter().map(missing).filter(is_of_this_log).collect();
        let active = active.into_iter().map(|(place, _)| place).collect();
        Choice { not_applicable, ..Choice::of(active, format.fields(), quietest) }
    }

    /// The rule at `index` alone, whatever its mode.
    pub(crate) fn only(&self, index: usize) -> ActiveRules<'_> {
        let choice = Choice::of(vec![index], FieldSet::default(), self.rule(index).mode);
        ActiveRules { set: self, choice: Arc::new(choice) }
    }
}

/// Whether a format has fields that only a transit gateway's records have.
fn is_transit_gateway(fields: FieldSet) -> bool {
    Field::ALL.into_iter().any(|field| field.source() == FlowLogSource::Tgw && fields.contains(field))
}

fn read_all<'f>(
    files: impl IntoIterator<Item = (&'f str, &'f str)>,
) -> Result<Vec<Rule>, Vec<DefinitionError>> {
    let (mut rules, mut errors) = (Vec::<Rule>::new(), Vec::new());
    for (name, text) in files {
        match Rule::parse(name, text) {
            Ok(rule) => match rules.iter().find(|known| known.id == rule.id) {
                Some(known) => {
                    let kind = DefinitionErrorKind::DuplicateId { id: rule.id, other: known.file.clone() };
                    errors.push(DefinitionFile { name, text }.error(0..0, kind));
                }
                None => rules.push(rule),
            },
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(rules) } else { Err(errors) }
}

/// Which rules records with some fields can serve.
#[derive(Debug)]
struct Choice {
    fields: FieldSet,
    quietest: Mode,
    /// Places in the set, in order.
    active: Vec<usize>,
    /// For each of the set's sieves a bit for every active rule.
    bits: Vec<u64>,
    not_applicable: Vec<(String, Vec<Field>)>,
}

impl Choice {
    fn of(active: Vec<usize>, fields: FieldSet, quietest: Mode) -> Self {
        let words = active.last().map_or(0, |last| last / MAX_SIEVED + 1);
        let mut bits = vec![0; words];
        for place in &active {
            bits[place / MAX_SIEVED] |= 1 << (place % MAX_SIEVED);
        }
        Choice { fields, quietest, active, bits, not_applicable: Vec::new() }
    }
}

/// The rules that run over records of one format.
#[derive(Debug, Clone)]
pub struct ActiveRules<'r> {
    set: &'r RuleSet,
    choice: Arc<Choice>,
}

impl<'r> ActiveRules<'r> {
    /// Visits the rules that `flow` matches, each with its place in the [`RuleSet`].
    #[inline]
    pub fn matching(&self, flow: &EnrichedFlow<'_>, mut visit: impl FnMut(usize, &'r Rule)) {
        for (word, (sieve, bits)) in self.set.sieves.iter().zip(&self.choice.bits).enumerate() {
            let mut left = sieve.matching(*bits, flow);
            while left != 0 {
                let place = word * MAX_SIEVED + left.trailing_zeros() as usize;
                left &= left - 1;
                let rule = self.set.rule(place);
                if rule.selects(flow) {
                    visit(place, rule);
                }
            }
        }
    }

    /// Each with its place in the [`RuleSet`].
    pub fn iter(&self) -> impl Iterator<Item = (usize, &'r Rule)> {
        let (set, places) = (self.set, self.choice.active.iter());
        places.map(move |place| (*place, set.rule(*place)))
    }

    /// The ids of rules whose pattern probably does not mean for lines of `format` what it should, and why.
    pub fn pattern_warnings(
        &self,
        format: &RecordFormat,
    ) -> impl Iterator<Item = (&'r str, Vec<PatternWarning>)> {
        let patterns = self.iter().filter_map(|(_, rule)| Some((&*rule.id, rule.pattern.as_ref()?)));
        patterns
            .map(|(id, pattern)| (id, pattern.meaning(format).warnings))
            .filter(|(_, warnings)| !warnings.is_empty())
    }

    /// The ids of rules that never fire on this format, and the fields they miss.
    pub fn not_applicable(&self) -> &[(String, Vec<Field>)] {
        &self.choice.not_applicable
    }
}
