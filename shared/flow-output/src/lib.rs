//! Records and findings as JSON, CSV and text for people.
