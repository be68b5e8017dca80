import {ControllerNotFoundError} from "@web/webclient/actions/action_service";
import {registry} from "@web/core/registry";

/**
 * Decided in the inbox: on to the next request that waits for the user; when none is left, back to
 * the inbox from which he came.
 *
 * @param {Object} env
 * @param {Object} action its params: the message, the id of the next request (false: none is left)
 *     and the ids of all that wait, for the pager
 */
async function nextRequest(env, {params}) {
    const {action, notification} = env.services;
    const openInbox = () => action.doAction("crm_policy.approval_action", {clearBreadcrumbs: true});
    notification.add(params.message, {type: "success"});
    // The request that is left need not be read once more.
    const infos = {noReload: true};
    await action.doAction({type: "ir.actions.act_window_close", infos});
    if (params.next_id) {
        try {
            await action.switchView("form", {resId: params.next_id, resIds: params.waiting_ids});
        } catch (error) {
            // Decided or taken back meanwhile, and no longer to be read: what was decided must not
            // stay on the screen as if it waited.
            await openInbox();
            throw error;
        }
        return;
    }
    try {
        await action.restore();
    } catch (error) {
        if (!(error instanceof ControllerNotFoundError)) {
            throw error;
        }
        // Nothing is behind it, as in a tab of its own.
        await openInbox();
    }
}

registry.category("actions").add("crm_policy.next_request", nextRequest);
