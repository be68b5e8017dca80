import {CalendarModel} from "@web/views/calendar/calendar_model";
import {calendarView} from "@web/views/calendar/calendar_view";
import {registry} from "@web/core/registry";

/**
 * A calendar of instants. Odoo gives each an hour at least, which carries what is due at the end
 * of a day over midnight into the next one.
 */
export class InstantCalendarModel extends CalendarModel {
    normalizeRecord(rawRecord) {
        const record = super.normalizeRecord(rawRecord);
        return {...record, end: record.start.plus({milliseconds: 500})};
    }
}

registry.category("views").add("crm_policy_instant_calendar", {
    ...calendarView,
    Model: InstantCalendarModel,
});
