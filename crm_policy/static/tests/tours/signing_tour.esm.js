import {registry} from "@web/core/registry";

// An employee reads the text that was published, signs it, and is counted.
registry.category("web_tour.tours").add("crm_policy_signing", {
    steps: () => [
        {
            content: "the version in force, of the list",
            trigger: ".o_data_row:contains(生效中) .o_data_cell[name=policy_id]",
            run: "click",
        },
        {content: "nobody has signed yet", trigger: ".o_stat_info:contains(0 / 2):contains(签阅)"},
        {
            content: "he is asked to sign",
            trigger: ".alert button[name=action_policy_read]:contains(阅读并签阅)",
            run: "click",
        },
        {
            content: "the whole text, in his language",
            trigger: ".modal .o_policy_text:contains(投诉受理后24小时内响应客户)",
        },
        {
            trigger: ".modal button[name=action_policy_sign]:contains(我已阅读并理解)",
            run: "click",
        },
        {trigger: "body:not(:has(.modal))"},
        {content: "it counts", trigger: ".o_stat_info:contains(1 / 2)"},
        {
            content: "he is not asked again",
            trigger: ".o_form_view:not(:has(.alert button[name=action_policy_read]:visible))",
        },
        {
            content: "who has signed",
            trigger: "button[name=action_policy_open_signatures]",
            run: "click",
        },
        {trigger: ".o_group_header:contains(已签阅)", run: "click"},
        {trigger: ".o_data_row:contains(t_specialist) .o_data_cell[name=state]:contains(已签阅)"},
    ],
});
