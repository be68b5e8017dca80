from . import (
    test_append_only,
    test_client_words,
    test_evidence_guards,
    test_gathered,
    test_ledger_chain,
    test_ledger_check,
    test_ledger_export,
    test_plain_filters,
    test_sealed,
)
