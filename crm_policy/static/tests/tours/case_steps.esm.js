// Steps that several tours share.

const from = (field, typed, chosen) => [
    {trigger: `.o_field_widget[name=${field}] input`, run: `edit ${typed}`},
    {trigger: `.o-autocomplete--dropdown-item:contains(${chosen})`, run: "click"},
];

/**
 * Type in a complaint of 苏州恒达电子 that came by phone, from a list of cases.
 *
 * @param {String} subject
 * @param {Array} type what is typed into its type, and what is chosen then
 * @param {String} text
 * @returns {Array} steps
 */
export function typeIn(subject, type, text) {
    return [
        {trigger: ".o_list_button_add", run: "click"},
        {
            trigger: ".o_field_widget[name=name] :is(input, textarea)",
            run: `edit ${subject}`,
        },
        ...from("policy_complaint_type_id", ...type),
        ...from("partner_id", "恒达", "苏州恒达电子"),
        ...from("channel_id", "电话", "电话"),
        {
            trigger: ".o_field_widget[name=description] .odoo-editor-editable",
            run: `editor ${text}`,
        },
    ];
}
