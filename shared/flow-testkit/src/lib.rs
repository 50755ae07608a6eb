//! Builders of flow log lines and events for tests.
