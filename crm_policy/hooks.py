"""What an installation and an uninstallation do beyond the data files."""

from odoo.tools import SQL


def post_init_hook(env):
    """Count working time where the company is: a calendar without a zone counts in UTC."""
    for company in env["res.company"].search([]):
        calendar = company.resource_calendar_id
        zone = company.partner_id.tz
        if calendar and zone and calendar.tz == "UTC":
            calendar.tz = zone
    # They were there before the days were: as a new calendar would, they follow their country.
    env["resource.calendar"].search([])._compute_policy_statutory_country_id()
    env["res.users"]._policy_refresh_departments()


def uninstall_hook(env):
    """Leave helpdesk as it was: the tables go with the models, the walls' function with us."""
    env.cr.execute(SQL("DROP FUNCTION IF EXISTS crm_policy_append_only() CASCADE"))
    access = env.ref("helpdesk_mgmt.access_helpdesk_ticket_stage_public", raise_if_not_found=False)
    if access:
        access.perm_write = True  # as helpdesk ships it
