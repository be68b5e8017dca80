"""The proof that tests can use several real processes which commit."""


def test_two_processes_see_each_other_s_commits(scratch_db):
    writer = scratch_db.start(
        "partner = env['res.partner'].create({'name': 'Seen by both'})\n"
        "env.cr.commit()\n"
        "print(partner.id, flush=True)\n"
        "assert input() == 'renamed'\n"
        "env.cr.commit()\n"
        "partner.invalidate_recordset()\n"
        "print(partner.name)\n"
    )
    partner_id = int(writer.stdout.readline())
    reader = scratch_db.start(
        f"partner = env['res.partner'].browse({partner_id})\n"
        "print(partner.name)\n"
        "partner.name = 'Renamed by the other'\n"
    )
    assert scratch_db.finish(reader).strip() == "Seen by both"
    assert writer.poll() is None, "both processes lived at the same time"
    writer.stdin.write("renamed\n")
    assert scratch_db.finish(writer).strip() == "Renamed by the other"


def test_scripts_run_at_the_same_time(scratch_db):
    script = "env.cr.execute('SELECT pg_backend_pid()')\nprint(*env.cr.fetchone())"
    first, second = scratch_db.run_together(script, script)
    assert first != second


def test_a_failing_script_fails_its_test(scratch_db):
    process = scratch_db.start("raise ValueError('boom')")
    _output, errors = process.communicate()
    assert process.returncode and "boom" in errors
