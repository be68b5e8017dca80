import {onWillStart, useState} from "@odoo/owl";
import {ListController} from "@web/views/list/list_controller";
import {listView} from "@web/views/list/list_view";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";

/**
 * A list that says above its rows for which years the statutory days are missing: there the
 * deadlines are counted by the weekly pattern alone.
 */
export class YearListController extends ListController {
    static template = "crm_policy.YearListView";

    setup() {
        super.setup();
        const orm = useService("orm");
        this.years = useState({warnings: []});
        onWillStart(async () => {
            this.years.warnings = await orm.call(
                "crm.policy.calendar.day",
                "policy_year_warnings",
                []
            );
        });
    }
}

registry.category("views").add("crm_policy_year_list", {
    ...listView,
    Controller: YearListController,
});
