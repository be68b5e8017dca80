import {Component, onWillStart, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useCommand} from "@web/core/commands/command_hook";
import {user} from "@web/core/user";
import {useService} from "@web/core/utils/hooks";

// Not Alt+N, which is "next" in every list and form. T as in telephone; only the mail composer's
// templates have it, and they go first while they are on the screen.
export const HOTKEY = "t";

/**
 * Opens the dialog in which a call is registered, from anywhere: a click, Alt+T or the palette.
 */
export class CallSystray extends Component {
    static template = "crm_policy.CallSystray";
    static props = {};

    setup() {
        this.action = useService("action");
        this.ui = useService("ui");
        this.state = useState({isWindow: false});
        this.title = _t("Log a Call (Alt+T)");
        onWillStart(async () => {
            this.state.isWindow = await user.hasGroup("crm_policy.group_specialist");
        });
        useCommand(_t("Log a Call"), () => this.open(), {
            category: "smart_action",
            hotkey: `alt+${HOTKEY}`,
            global: true,
            isAvailable: () => this.isAvailable,
            hotkeyOptions: {bypassEditableProtection: true},
        });
    }

    get isAvailable() {
        return (
            this.state.isWindow &&
            !document.querySelector(".o_policy_call") &&
            !this.ui.activeElement.querySelector(`[data-hotkey='${HOTKEY}']`)
        );
    }

    open() {
        return this.action.doAction("crm_policy.call_action");
    }
}

registry.category("systray").add("crm_policy.call", {Component: CallSystray}, {sequence: 40});
