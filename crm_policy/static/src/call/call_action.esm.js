import {browser} from "@web/core/browser/browser";
import {registry} from "@web/core/registry";

/**
 * /odoo/policy-call?number=...&ref=...&rings=... : what a phone system opens when a call comes in.
 *
 * The values are read from the address itself: the router makes numbers of them and would drop
 * the zero of an area code. The server judges them; opening the address creates nothing.
 */
async function incomingCall(env) {
    const query = new URL(browser.location.href).searchParams;
    const {action, orm} = env.services;
    const next = await orm.call("crm.policy.call", "action_policy_incoming", [], {
        caller: query.get("number"),
        ref: query.get("ref"),
        rings: query.get("rings"),
    });
    // Behind the dialog, and what "back" leads to; it also takes the caller out of the address.
    await action.doAction("crm_policy.case_action_mine", {clearBreadcrumbs: true});
    await action.doAction(next);
}
incomingCall.path = "policy-call";

registry.category("actions").add("crm_policy.incoming_call", incomingCall);
