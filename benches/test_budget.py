"""What the gate of instruction counts says, with made-up counts."""

import tomllib
import unittest

from budget import BUDGETS, judged, verdict


def budgets(instructions: int) -> dict:
    """One budget."""
    entry = {"path": "whole", "scene": "default", "per": "record", "instructions": instructions}
    return {"slack": 0.03, "room": 0.1, "budget": [entry]}


def counts(instructions: int) -> dict:
    """Ten records and one event."""
    return {("whole", "default"): {"instructions": instructions, "record": 10, "event": 1}}


class Verdicts(unittest.TestCase):
    """A budget of 1000 with 3 % above and 10 % below."""

    def test_each(self) -> None:
        """The edges count as within."""
        cases = [(1031, "ABOVE", False), (1030, "within", True), (900, "within", True), (899, "well below", True)]
        for found, said, passes in [*cases, (None, "not counted", False)]:
            text, result = verdict(1000, found, 0.03, 0.1)
            self.assertEqual((text.startswith(said), result), (True, passes), (found, text))

    def test_counts_are_divided_by_what_the_budget_says(self) -> None:
        """Ten records, each over its budget."""
        lines, passes = judged(budgets(1000), counts(10_400))
        self.assertFalse(passes)
        self.assertIn("+4.0%", lines[1])
        self.assertTrue(judged(budgets(1000), counts(10_200))[1])

    def test_what_was_not_counted_fails(self) -> None:
        """Neither a path that is missing nor one whose symbol is gone passes."""
        self.assertFalse(judged(budgets(1000), {})[1])
        self.assertFalse(judged(budgets(1000), {("whole", "default"): None})[1])

    def test_one_that_passes_hides_none_that_fails(self) -> None:
        """In whatever order."""
        both = budgets(1000)
        both["budget"] += budgets(2000)["budget"]
        self.assertFalse(judged(both, counts(15_000))[1])
        both["budget"].reverse()
        self.assertFalse(judged(both, counts(15_000))[1])

    def test_the_file_is_as_the_gate_reads_it(self) -> None:
        """Whatever is counted could be."""
        found = tomllib.loads(BUDGETS.read_text(encoding="utf-8"))
        self.assertTrue(0 < found["slack"] < found["room"] < 1)
        for entry in found["budget"]:
            self.assertIn(entry["per"], ("record", "event", "item", "start"))
            self.assertGreater(entry["instructions"], 0)


if __name__ == "__main__":
    unittest.main()
