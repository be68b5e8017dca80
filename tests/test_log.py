"""Neither the installation nor the tests may log a warning of ours."""

import os
import re


def test_the_installation_logged_no_warning(run):
    log = run.LOGS / f"{os.environ['CRM_POLICY_TEMPLATE']}.log"
    lines = log.read_text().splitlines()
    assert any("Registry loaded" in line for line in lines), f"{log} is no log of an installation"
    bad = [line for line in lines if re.search(r" (WARNING|ERROR|CRITICAL) ", line)]
    assert not bad, "\n".join(bad)


def test_the_tests_logged_no_warning_of_ours(logged_warnings):
    assert not logged_warnings, "\n".join(logged_warnings)
