//! The journal in one process. Several processes: `tests/it/journal`.
