import {Component, onWillStart, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useBus, useService} from "@web/core/utils/hooks";

/**
 * How many requests wait for the user, on every screen; a click opens them.
 */
export class ApprovalsSystray extends Component {
    static template = "crm_policy.ApprovalsSystray";
    static props = {};

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.state = useState({count: 0});
        onWillStart(() => this.count());
        const bus = useService("bus_service");
        bus.subscribe("crm.policy.approval", () => this.count());
        // Somebody may have decided in between, or a deputy's days have begun.
        useBus(this.env.bus, "ACTION_MANAGER:UI-UPDATED", () => this.count());
    }

    async count() {
        try {
            this.state.count = await this.orm.silent.searchCount("crm.policy.approval", [
                ["can_decide", "=", true],
            ]);
        } catch {
            // No right to read requests, or no connection: there is nothing to show.
            this.state.count = 0;
        }
    }

    get title() {
        return _t("%s to decide", this.state.count);
    }

    open() {
        return this.action.doAction("crm_policy.approval_action", {clearBreadcrumbs: true});
    }
}

registry
    .category("systray")
    .add("crm_policy.approvals", {Component: ApprovalsSystray}, {sequence: 39});
