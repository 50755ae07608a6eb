//! Each transition by itself. `T` is the clock and the start of the first episode; an episode over (T, T + WINDOW) is
//! over at `OVER`.

use flow_detect::{Audience, Change, Silence, Status};

use crate::findings::{QUIET, REPEAT, WINDOW, rules};
use crate::scene::{LEASE, NEW, NOTHING_NEW, ONGOING, RAISED, RESOLVED, Scene, silent};

const T: u64 = 1_700_000_000;
const OVER: u64 = T + WINDOW + QUIET;
const FIRST: (u64, u64) = (T, T + WINDOW);

/// The first episode told at `T + 2`.
fn told() -> Scene {
    let mut scene = Scene::new();
    assert_eq!(scene.observe("a", T, FIRST, 5), NEW);
    assert!(scene.confirm("a", T + 2));
    scene
}

/// An episode told at `T + 2` that goes on until `end`.
fn told_and_going_on(end: u64) -> Scene {
    let mut scene = told();
    for until in (FIRST.1..=end).step_by(60) {
        assert_eq!(scene.observe("b", T + 3, (T, until), 5), NOTHING_NEW);
    }
    scene
}

#[test]
fn the_first_look_claims() {
    let mut scene = Scene::new();
    assert_eq!(scene.observe("a", T, FIRST, 5), NEW);
    assert_eq!((scene.change, scene.began), (Change::Life, true));
    assert_eq!((scene.due(), scene.record().claimed_by(T + LEASE - 1)), (Some(T + LEASE), Some("a")));
    assert_eq!(scene.record().claimed_by(T + LEASE), None);
    assert_eq!(scene.observe("b", T + 1, FIRST, 5), silent(Silence::Claimed));
    assert_eq!(scene.change, Change::Nothing);
    assert_eq!(scene.look("tick", T + 44), silent(Silence::Claimed));
}

#[test]
fn a_put_of_unknown_outcome_is_done_again() {
    let mut scene = Scene::new();
    assert_eq!(scene.observe("a", T, FIRST, 5), NEW);
    assert_eq!(scene.observe("a", T, FIRST, 5), NEW, "the claim is one's own");
    assert_eq!(scene.change, Change::Nothing);
}

#[test]
fn what_is_confirmed_is_told_once() {
    let mut scene = told();
    assert_eq!(scene.due(), Some(OVER));
    assert!(!scene.confirm("a", T + 3), "there is nothing to confirm any more");
    assert_eq!(scene.observe("b", T + 4, FIRST, 5), NOTHING_NEW);
    assert_eq!(scene.change, Change::Nothing, "a redelivery only reads");
    assert!(!scene.began);
}

#[test]
fn a_lease_that_ran_out_is_taken_over_by_whoever_comes() {
    for by_tick in [true, false] {
        let mut scene = Scene::new();
        scene.observe("a", T, FIRST, 5);
        let now = T + LEASE;
        let telling = if by_tick { scene.look("b", now) } else { scene.observe("b", now, FIRST, 5) };
        assert_eq!((telling, scene.due()), (NEW, Some(now + LEASE)));
        assert!(!scene.confirm("a", now + 1), "too late");
        assert!(scene.confirm("b", now + 1));
    }
}

#[test]
fn a_late_confirmation_still_counts_while_nobody_took_over() {
    let mut scene = Scene::new();
    scene.observe("a", T, FIRST, 5);
    assert!(scene.confirm("a", T + LEASE + 5));
    assert_eq!(scene.look("tick", T + LEASE + 6), NOTHING_NEW);
}

#[test]
fn what_is_released_is_due_at_once() {
    let mut scene = Scene::new();
    scene.observe("a", T, FIRST, 5);
    scene.release("a", T + 3);
    assert_eq!(scene.due(), Some(T + 3));
    assert!(scene.record().release("b", T + 3, None).is_none(), "only whose it is");
    assert_eq!(scene.look("tick", T + 3), NEW);
}

#[test]
fn who_has_heard_already_is_remembered_until_it_is_worse() {
    let mut scene = Scene::new();
    scene.observe("a", T, FIRST, 5);
    scene.release_to("a", T + 3, Some(Audience::People));
    assert_eq!((scene.look("tick", T + 3), scene.record().heard()), (NEW, Some(Audience::People)));
    assert!(scene.confirm("tick", T + 4));
    assert_eq!(scene.record().heard(), None);
}

#[test]
fn a_repeat_needs_the_interval_and_something_seen_since() {
    let mut quiet = told();
    assert_eq!(quiet.look("tick", T + 2 + REPEAT), RESOLVED, "nothing was seen since: it is over");
    let repeat = T + 2 + REPEAT;
    let mut scene = told_and_going_on(T + REPEAT - 60);
    assert_eq!(scene.look("tick", repeat - 1), NOTHING_NEW);
    assert_eq!(scene.due(), Some(repeat), "the tick repeats it if no event does");
    assert_eq!(scene.observe("c", repeat, (T, T + REPEAT - 60), 5), ONGOING);
    assert!(scene.confirm("c", repeat + 1));
    assert_eq!(scene.look("tick", repeat + 2), NOTHING_NEW);
    assert_eq!(scene.due(), Some(T + REPEAT - 60 + QUIET));
}

#[test]
fn what_ended_before_the_repeat_is_told_as_over_alone() {
    let (repeat, may_come) = (T + 2 + REPEAT, QUIET - 2 * WINDOW);
    let past = repeat - may_come;
    let mut scene = told_and_going_on(past);
    assert_eq!(
        scene.look("tick", repeat),
        NOTHING_NEW,
        "the last window that may have been going on is over"
    );
    assert!(scene.due() > Some(repeat) && scene.due() <= Some(past + QUIET), "{:?}", scene.due());
    assert_eq!(scene.look("tick", past + QUIET), RESOLVED);
    let mut scene = told_and_going_on(past);
    assert_eq!(scene.observe("b", T + 4, (T, past), 5), NOTHING_NEW);
    assert_eq!(scene.look("tick", repeat), NOTHING_NEW);
    assert_eq!(scene.observe("b", T + 5, (T, past + 1), 5), NOTHING_NEW);
    assert_eq!(scene.look("tick", repeat), ONGOING);
    let mut scene = told_and_going_on(past);
    assert_eq!(scene.observe("c", repeat, (T, past + 1), 6), ONGOING, "it has gone on after all");
}

#[test]
fn a_repeat_whose_teller_died_is_still_a_repeat() {
    let end = T + REPEAT - 60;
    let mut scene = told_and_going_on(end);
    assert_eq!(scene.observe("c", end + QUIET - 1, (T, end), 5), ONGOING);
    assert_eq!(scene.look("tick", end + QUIET - 1 + LEASE), ONGOING, "though it is over by now");
    assert!(scene.confirm("tick", end + QUIET + LEASE));
    assert_eq!(scene.look("tick", end + QUIET + LEASE), RESOLVED);
}

#[test]
fn a_higher_severity_is_told_at_once() {
    let mut scene = told();
    scene.rules = rules("high", "notify");
    assert_eq!(scene.observe("b", T + 60, FIRST, 5), RAISED);
    assert!(scene.confirm("b", T + 61));
    assert_eq!(scene.observe("c", T + 62, FIRST, 5), NOTHING_NEW);
    scene.rules = rules("low", "notify");
    assert_eq!(scene.observe("d", T + 63, FIRST, 5), NOTHING_NEW, "a lower one is nothing to tell");
    scene.rules = rules("high", "notify");
    assert_eq!(scene.observe("e", T + 64, FIRST, 5), NOTHING_NEW, "and the high one was told");
}

#[test]
fn what_rises_while_another_is_telling_is_due_when_he_is_done() {
    let mut scene = Scene::new();
    scene.observe("a", T, FIRST, 5);
    scene.rules = rules("high", "notify");
    assert_eq!(scene.observe("b", T + 1, FIRST, 5), silent(Silence::Claimed));
    assert!(scene.confirm("a", T + 2));
    assert_eq!(scene.due(), Some(T + 2), "he told the lower one");
    assert_eq!(scene.look("tick", T + 60), RAISED);
}

/// An episode 5 windows after the first.
const SECOND: (u64, u64) = (T + 6 * WINDOW, T + 7 * WINDOW);

#[test]
fn a_new_episode_within_the_interval_is_held_back() {
    let mut scene = told();
    let began = SECOND.0 + 60;
    assert_eq!(scene.observe("b", began, SECOND, 5), silent(Silence::HeldBack));
    assert_eq!((scene.began, scene.change, scene.record().untold_episodes()), (true, Change::Life, 1));
    assert_eq!(scene.observe("c", began + 1, SECOND, 5), silent(Silence::HeldBack));
    assert_eq!((scene.began, scene.change), (false, Change::Nothing));
    let over = SECOND.1 + QUIET;
    assert!(T + 2 + REPEAT < over, "this case is about one that goes on");
    assert_eq!(scene.due(), Some(OVER), "a look that comes too early is left");
    assert_eq!(scene.look("tick", OVER), silent(Silence::HeldBack));
    assert_eq!(scene.due(), Some(T + 2 + REPEAT));
    assert_eq!(scene.look("tick", T + 2 + REPEAT), NEW, "it still goes on");
    assert!(scene.confirm("tick", T + 3 + REPEAT));
    assert_eq!(scene.record().untold_episodes(), 0);
    assert_eq!(scene.look("tick", over), RESOLVED);
}

#[test]
fn an_episode_that_ends_while_held_back_is_told_when_the_interval_has_passed() {
    let mut scene = told();
    let soon = (FIRST.1 + 2 * WINDOW, FIRST.1 + 3 * WINDOW);
    assert_eq!(scene.observe("b", soon.0 + 60, soon, 5), silent(Silence::HeldBack));
    assert!(soon.1 + QUIET < T + 2 + REPEAT, "this case is about one that is over before");
    assert_eq!(scene.look("tick", OVER), silent(Silence::HeldBack));
    assert_eq!(scene.due(), Some(T + 2 + REPEAT));
    assert_eq!(scene.look("tick", T + 2 + REPEAT), NEW);
    assert!(scene.confirm("tick", T + 3 + REPEAT));
    assert_eq!(scene.look("tick", T + 4 + REPEAT), RESOLVED);
}

#[test]
fn a_new_episode_after_the_interval_is_new() {
    let mut scene = told();
    assert_eq!(scene.look("tick", OVER), RESOLVED);
    assert!(scene.confirm("tick", OVER + 1));
    assert_eq!(scene.due(), None);
    let start = T + 2 * REPEAT;
    assert_eq!(scene.observe("b", start, (start, start + WINDOW), 5), NEW);
}

#[test]
fn an_earlier_episode_is_superseded() {
    let mut scene = Scene::new();
    assert_eq!(scene.observe("a", SECOND.0, SECOND, 5), NEW);
    assert_eq!(scene.observe("b", SECOND.0 + 1, FIRST, 900), silent(Silence::Superseded));
    assert_eq!((scene.change, scene.began), (Change::Life, true), "its number is told with the next message");
    assert_eq!(scene.observe("b", SECOND.0 + 2, FIRST, 901), silent(Silence::Superseded));
    assert_eq!((scene.change, scene.began), (Change::Nothing, false), "it is counted once");
    let now = SECOND.0 + LEASE;
    assert_eq!(scene.observe("b", now, FIRST, 900), NEW, "but it takes over a dead claim");
}

#[test]
fn episodes_two_windows_apart_are_two() {
    for (apart, is_another) in [(2 * WINDOW, true), (2 * WINDOW - 1, false)] {
        let mut scene = told();
        let start = FIRST.1 + apart;
        scene.observe("b", start, (start, start + WINDOW), 5);
        assert_eq!(scene.began, is_another, "{apart}");
    }
}

#[test]
fn of_two_episodes_in_one_batch_the_later_is_told() {
    let mut scene = Scene::new();
    assert_eq!(scene.observe("a", SECOND.0, FIRST, 5), NEW);
    assert_eq!(scene.observe("a", SECOND.0, SECOND, 6), NEW);
    assert_eq!(scene.record().untold_episodes(), 2);
    assert!(scene.confirm("a", SECOND.0 + 1));
    assert_eq!(scene.look("tick", SECOND.0 + 2), NOTHING_NEW);
}

#[test]
fn a_message_says_how_many_episodes_it_tells_of() {
    let mut scene = Scene::new();
    let told_of = |scene: &Scene| scene.record().finding(&scene.rules, Status::New).unwrap().episodes;
    scene.observe("a", SECOND.0, SECOND, 5);
    scene.observe("a", SECOND.0, FIRST, 6);
    assert_eq!(told_of(&scene), 2, "one came to light after a later one");
    assert!(scene.confirm("a", SECOND.0 + 1));
    assert_eq!(scene.observe("b", SECOND.0 + 2, FIRST, 6), silent(Silence::Superseded));
    assert_eq!(scene.record().untold_episodes(), 0, "it is known");
    let third = (SECOND.1 + 2 * WINDOW, SECOND.1 + 3 * WINDOW);
    assert_eq!(scene.observe("c", third.0, third, 5), silent(Silence::HeldBack));
    assert_eq!(scene.observe("c", third.0 + 1, SECOND, 5), silent(Silence::Superseded), "told before");
    let much_later = (third.1 + 3 * REPEAT, third.1 + 3 * REPEAT + WINDOW);
    assert_eq!(scene.observe("d", much_later.0, much_later, 5), NEW);
    assert_eq!(told_of(&scene), 2, "the one that was held back, and this");
}

#[test]
fn an_episode_that_comes_to_light_while_a_later_one_is_told_is_told_next() {
    let mut scene = Scene::new();
    scene.observe("a", SECOND.0, SECOND, 5);
    assert_eq!(scene.observe("b", SECOND.0 + 1, FIRST, 6), silent(Silence::Superseded));
    assert!(scene.confirm("a", SECOND.0 + 2));
    assert_eq!(scene.record().untold_episodes(), 1);
}

#[test]
fn a_rule_that_could_not_be_read_is_waited_for() {
    let mut scene = told();
    let record = scene.record().clone();
    for minute in 1..100 {
        let step = record.clone().wait(T + minute * 60);
        assert_eq!((step.record.due_at(), step.record.resolved_at()), (Some(T + minute * 60 + 60), None));
    }
    assert_eq!(scene.look("tick", OVER), RESOLVED);
}

#[test]
fn an_episode_that_begins_while_the_one_before_is_told_is_held_back() {
    let mut scene = Scene::new();
    scene.observe("a", SECOND.0, FIRST, 5);
    assert_eq!(scene.observe("b", SECOND.0 + 1, SECOND, 6), silent(Silence::Claimed));
    assert!(scene.confirm("a", SECOND.0 + 2));
    assert_eq!(scene.look("tick", SECOND.0 + 3), silent(Silence::HeldBack));
    let mut scene = Scene::new();
    scene.observe("a", SECOND.0, FIRST, 5);
    scene.observe("b", SECOND.0 + 1, SECOND, 6);
    assert_eq!(scene.look("tick", SECOND.0 + LEASE), NEW, "unless he died: then it is told instead");
}

#[test]
fn observe_mode_is_recorded_and_never_told() {
    let mut scene = Scene::new();
    scene.rules = rules("high", "observe");
    assert_eq!(scene.observe("a", T, FIRST, 5), silent(Silence::Observed));
    assert_eq!((scene.began, scene.due()), (true, None));
    assert_eq!(scene.observe("a", T + 60, (T, T + 2 * WINDOW), 5), silent(Silence::Observed));
    assert_eq!(scene.look("tick", OVER), silent(Silence::Observed));
    scene.rules = rules("high", "notify");
    assert_eq!(
        scene.observe("b", OVER + WINDOW - 1, FIRST, 5),
        NEW,
        "the rule was switched on while it goes on"
    );
}

#[test]
fn suppressed_is_recorded_and_told_only_if_it_goes_on_after() {
    for (now, telling) in [(OVER - 1, NEW), (OVER, NOTHING_NEW)] {
        let mut scene = Scene::new();
        scene.suppressed = Some("our scanner");
        assert_eq!(scene.observe("a", T, FIRST, 5), silent(Silence::Suppressed));
        assert_eq!((scene.record().suppressed(), scene.due()), (Some("our scanner"), None));
        scene.suppressed = None;
        assert_eq!(scene.observe("b", now, FIRST, 5), telling);
    }
}

#[test]
fn suppression_takes_over_from_a_dead_claim() {
    let mut scene = Scene::new();
    scene.observe("a", T, FIRST, 5);
    scene.suppressed = Some("noise");
    assert_eq!(scene.look("tick", T + LEASE), silent(Silence::Suppressed));
    assert_eq!(scene.due(), None);
    scene.suppressed = None;
    assert_eq!(scene.observe("b", T + 100, FIRST, 5), NEW);
}

#[test]
fn what_comes_hours_late_is_told_all_the_same() {
    let mut scene = Scene::new();
    assert_eq!(scene.observe("a", T + 40_000, FIRST, 5), NEW);
    assert!(scene.confirm("a", T + 40_001));
    assert_eq!(scene.look("tick", scene.due().unwrap()), RESOLVED);
}

#[test]
fn resolved_is_told_when_the_beginning_was() {
    let mut scene = told();
    assert_eq!(scene.look("tick", OVER - 1), NOTHING_NEW);
    assert_eq!(scene.look("tick", OVER), RESOLVED);
    assert_eq!(scene.look("other", OVER + LEASE), RESOLVED, "the first died");
    assert!(scene.confirm("other", OVER + LEASE + 1));
    assert_eq!((scene.due(), scene.look("tick", OVER + 3600)), (None, NOTHING_NEW));
    assert_eq!(scene.observe("late", OVER + 3600, FIRST, 6), NOTHING_NEW);
    assert_eq!(scene.change, Change::Details, "late records count and wake nobody");
}

#[test]
fn what_goes_on_after_it_was_over_is_open_again() {
    let mut scene = told();
    scene.look("tick", OVER);
    let span = (T, OVER - 60);
    assert_eq!(scene.observe("b", OVER + 1, span, 5), silent(Silence::Claimed));
    assert!(scene.confirm("tick", OVER + 2));
    assert_eq!((scene.record().resolved_at(), scene.due()), (None, Some(OVER - 60 + QUIET)));
    let over_again = OVER - 60 + QUIET;
    assert_eq!(scene.look("tick", over_again), RESOLVED);
    assert!(scene.confirm("tick", over_again + 1));
    assert_eq!(scene.record().resolved_at(), Some(over_again + 1));
    let span = (T, over_again - 60);
    assert_eq!(scene.observe("c", over_again + 2, span, 5), NOTHING_NEW, "it waits for the repeat interval");
    assert_eq!(scene.record().resolved_at(), None);
}

#[test]
fn the_first_that_is_seen_after_a_telling_must_be_put() {
    let mut scene = told();
    let seen = |scene: &mut Scene, last_seen| {
        let mut finding = crate::findings::finding(&scene.rules, FIRST, 5);
        finding.episode.last_seen = last_seen;
        let teller = flow_detect::Teller { token: "b", now: T + 10, lease: LEASE };
        let step = flow_detect::EpisodeRecord::observe(scene.record.clone(), &finding, None, teller);
        scene.put(&step.record);
        step.change
    };
    assert_eq!(seen(&mut scene, FIRST.1 + 1), Change::Life, "from now on there is something to repeat");
    assert_eq!(seen(&mut scene, FIRST.1 + 2), Change::Details);
}

#[test]
fn a_record_that_lasted_long_does_not_delay_a_later_episode() {
    let mut scene = Scene::new();
    let mut finding = crate::findings::finding(&scene.rules, FIRST, 5);
    finding.episode.last_seen = T + 100 * REPEAT;
    let teller = flow_detect::Teller { token: "a", now: T, lease: LEASE };
    scene.put(&flow_detect::EpisodeRecord::observe(None, &finding, None, teller).record);
    assert!(scene.confirm("a", T + 2));
    assert_eq!(scene.observe("b", SECOND.0, SECOND, 5), silent(Silence::HeldBack));
    scene.look("tick", OVER);
    assert_eq!(scene.due(), Some(T + 2 + REPEAT));
}

#[test]
fn a_rule_that_has_gone_for_long_is_told_of_no_more() {
    let mut scene = Scene::new();
    scene.observe("a", T, FIRST, 5);
    scene.rules = flow_detect::RuleSet::only_files([]).unwrap();
    let gone = T + LEASE;
    assert_eq!(scene.look("tick", gone), silent(Silence::RuleGone));
    assert_eq!((scene.due(), scene.record().resolved_at()), (Some(gone + 60), None));
    assert_eq!(scene.look("tick", gone + 899), silent(Silence::RuleGone));
    assert_eq!((scene.due(), scene.record().resolved_at()), (Some(gone + 959), None));
    assert_eq!(scene.look("tick", gone + 900), silent(Silence::RuleGone));
    let record = scene.record();
    assert_eq!((scene.due(), record.resolved_at()), (None, Some(gone + 900)));
    assert!(record.finding(&scene.rules, flow_detect::Status::Resolved).is_none());
}

#[test]
fn a_look_by_someone_who_does_not_know_the_rule_yet_loses_nothing() {
    let mut scene = Scene::new();
    scene.observe("a", T, FIRST, 5);
    let rules = std::mem::replace(&mut scene.rules, flow_detect::RuleSet::only_files([]).unwrap());
    assert_eq!(scene.look("behind", T + LEASE), silent(Silence::RuleGone));
    scene.rules = rules;
    assert_eq!(scene.look("tick", T + LEASE + 60), NEW, "the first died");
    // Gone again: counted from now.
    scene.rules = flow_detect::RuleSet::only_files([]).unwrap();
    assert_eq!(scene.look("behind", T + LEASE + 1000), silent(Silence::RuleGone));
    assert_eq!(scene.due(), Some(T + LEASE + 1060));
}

#[test]
fn what_is_withheld_waits_for_the_digest() {
    let mut scene = Scene::new();
    scene.observe("a", T, FIRST, 5);
    scene.withhold("a", T + 2, T + 300);
    assert!(scene.record().waits_for_digest());
    assert_eq!((scene.due(), scene.look("tick", T + 299)), (Some(T + 300), NOTHING_NEW));
    assert_eq!(scene.look("tick", T + 300), flow_detect::Telling::ClaimedForDigest);
    assert_eq!(scene.look("other", T + 301), silent(Silence::Claimed));
    let dead = T + 300 + LEASE;
    assert_eq!(scene.look("other", dead), flow_detect::Telling::ClaimedForDigest, "the first died");
    assert!(scene.confirm("other", dead + 1));
    assert!(!scene.record().waits_for_digest());
    assert_eq!((scene.due(), scene.look("tick", dead + 2)), (Some(OVER), NOTHING_NEW));
}

#[test]
fn what_people_are_told_meanwhile_needs_no_digest() {
    let mut scene = Scene::new();
    scene.observe("a", T, FIRST, 5);
    scene.withhold("a", T + 2, T + 300);
    scene.rules = rules("high", "notify");
    assert_eq!(scene.observe("b", T + 10, FIRST, 5), RAISED);
    assert!(scene.confirm("b", T + 11));
    assert!(!scene.record().waits_for_digest());
}

#[test]
fn a_digest_outlives_the_episode() {
    let mut scene = Scene::new();
    scene.observe("a", OVER, FIRST, 5);
    scene.withhold("a", OVER + 2, OVER + 300);
    let over = OVER + 8000;
    assert_eq!(scene.look("tick", over), RESOLVED);
    assert!(scene.confirm("tick", over + 1));
    assert!(scene.due().is_some_and(|due| due <= over + 1), "{:?}", scene.due());
    assert_eq!(scene.observe("b", over + 2, FIRST, 5), NOTHING_NEW, "the digest is the tick's");
    assert_eq!(scene.look("tick", over + 3), flow_detect::Telling::ClaimedForDigest);
}

#[test]
fn going_on_moves_no_due_time() {
    let mut scene = told();
    for pane in 1..40 {
        let end = FIRST.1 + pane * 60;
        assert_eq!(scene.observe("b", T + pane * 60, (T, end), 5), NOTHING_NEW);
        assert_eq!((scene.due(), scene.change), (Some(OVER), Change::Life), "its span is part of its life");
        assert_eq!(
            scene.observe("b", T + pane * 60, (T, end), 5 + 1000 * i64::try_from(pane).unwrap()),
            NOTHING_NEW
        );
        assert_eq!(scene.change, Change::Details, "a larger value can wait");
    }
    assert_eq!(scene.look("tick", OVER), NOTHING_NEW);
    assert_eq!(scene.due(), Some(FIRST.1 + 39 * 60 + QUIET), "the tick finds that it is not over");
}

#[test]
fn kept_for_a_week_and_forgotten_then() {
    let mut scene = told();
    let expires = scene.record().expires_at();
    assert_eq!(expires, T + 2 + REPEAT + 7 * 86_400);
    assert_eq!(scene.observe("b", expires - 1, FIRST, 5), RESOLVED);
    let mut scene = told();
    assert_eq!(scene.observe("b", expires, FIRST, 5), NEW, "what has expired is as if it were deleted");
}
