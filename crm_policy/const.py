"""Vocabulary shared by the rooms: selection lists and the order of a case's facts.

Nothing here is a parameter: hours, limits and weights are records that belong to a clause.
"""

KINDS = [
    ("inquiry", "Inquiry"),
    ("query", "Query"),
    ("request", "Service Request"),
    ("complaint", "Complaint"),
    ("suggestion", "Suggestion"),
    ("conflict", "Conflict"),
]
URGENCIES = [("normal", "Normal"), ("urgent", "Urgent")]
SEVERITIES = [("general", "General"), ("major", "Major"), ("crisis", "Crisis")]
# Whether something is wrong with the goods, or with what people did (002 篇一 第五条).
CAUSES = [("quality", "Quality Anomaly"), ("non_quality", "Non-quality Anomaly")]
# Whom or what a case touches; how severe that makes it says a parameter of the policy.
IMPACTS = [
    ("none", "None"),
    ("safety", "Health and Safety"),
    ("media", "Media"),
    ("authority", "Authority"),
    ("key_customer", "Key Customer"),
]
SAMPLES = [("attached", "Attached"), ("awaited", "Awaited"), ("none", "No Sample")]
EVIDENCES = [("attached", "Attached"), ("witness", "Witness"), ("none", "None")]
CALL_OUTCOMES = [
    ("answered", "Answered"),
    ("callback", "To Be Called Back"),
    ("transferred", "Transferred"),
    ("line_fault", "Line Fault"),
    ("language", "Not Understood"),
    ("emotional", "Upset Caller"),
]
OUTCOMES = [
    ("accepted", "Accepted by Customer"),
    ("not_established", "Not Established"),
    ("not_accepted", "Not Accepted by Customer"),
    ("withdrawn", "Withdrawn"),
    ("converted", "Converted"),
    ("cancelled", "Cancelled"),
]
# Outcomes that end a case without closing it: its clocks stop, its number stays.
ENDED_OUTCOMES = ("withdrawn", "converted", "cancelled", "not_accepted")

# Outcomes with which no department is asked any more: those, and what has no foundation.
UNHEARD_OUTCOMES = (*ENDED_OUTCOMES, "not_established")
# The clock of the committee stands still while the group is asked (CMP-RTE-12).
GROUP_PAUSE = "group-consultation"
# What a department writes down along with its opinion.
SECTIONS = [
    ("negotiation", "Negotiation"),
    ("responsibility", "Responsibility"),
    ("loss", "Loss"),
    ("quantity", "Quantity Affected"),
    ("production", "Production"),
    ("verdict", "Verdict of the Committee"),
    ("accident", "Decision on the Persons Responsible"),
]
# What must be there before a milestone is recorded: what the models look for by these codes.
NEEDS = [
    ("product", "Goods Complained About"),
    ("sample", "Sample"),
    ("sales_opinion", "Opinion of the Salesperson"),
    ("facts", "Time, Place and Description"),
    ("cause_class", "Cause Class"),
    ("tracking", "Improvement Tracked"),
    ("production", "Production"),
    ("description", "Description"),
    ("call_note", "Call to the Complainant"),
    ("sheet", "Complaint Handling Sheet"),
    ("source", "Source of the Conflict"),
    ("assessment", "Assessment of the Conflict"),
    ("settlement", "Agreement or Solution"),
    ("rights", "Notice of Rights"),
    ("legal", "Legal Review"),
    ("signatures", "Signatures of the Responsible"),
    ("field_report", "Field Report"),
    ("verdict", "Verdict Agreed and Approved"),
    ("handed_back", "Form Handed Back"),
    ("carrier", "Carrier and Damage"),
    ("receipt", "Inspection on Receipt"),
    ("accused", "Person Complained About"),
    ("answer", "Answer Given"),
    ("grievance", "Reason of the Grievance"),
    ("suggestion", "Suggestion Judged"),
    ("feedback", "Channel, Topic and Sentiment"),
    ("feedback_analysis", "Feedback Analysed"),
    ("feedback_cause", "Cause and Department of the Feedback"),
    ("feedback_measure", "What Is Improved"),
]
# How the customer stands to what he was offered.
POSITIONS = [("accept", "Accepts"), ("partial", "Accepts in Part"), ("reject", "Does Not Accept")]

# Where a case stands: the last of its milestones, in this order.
STEPS = [
    ("received", "Received"),
    ("accepted", "Accepted"),
    ("registered", "Registered"),
    ("investigated", "Investigated"),
    ("proposed", "Solution Proposed"),
    ("mandated", "Mandate Given"),
    ("decided", "Decided"),
    ("settled", "Settled"),
    ("replied", "Replied"),
    ("executed", "Carried Out"),
    ("called_back", "Called Back"),
    ("closed", "Closed"),
    ("cancelled", "Cancelled"),
]
STEP_FACTS = {
    "accepted": "policy_accepted_at",
    "registered": "policy_registered_at",
    "investigated": "policy_investigated_at",
    "proposed": "policy_solution_at",
    "mandated": "policy_mandated_at",
    "decided": "policy_decided_at",
    "settled": "policy_settled_at",
    "replied": "policy_replied_at",
    "executed": "policy_executed_at",
    "called_back": "policy_callback_at",
    "closed": "policy_closed_at",
}

# What must have happened before a fact may be recorded (state machine C.1, ISO 10002 order).
COMPLAINT_ORDER = {
    "policy_accepted_at": ("policy_intake_at",),
    "policy_registered_at": ("policy_accepted_at",),
    "policy_responded_at": ("policy_accepted_at",),
    "policy_solution_at": ("policy_registered_at", "policy_responded_at"),
    "policy_decided_at": ("policy_solution_at",),
    "policy_settled_at": ("policy_decided_at",),
    "policy_replied_at": ("policy_settled_at",),
    "policy_callback_at": ("policy_replied_at",),
    "policy_rechecked_at": ("policy_replied_at",),
    "policy_closed_at": (
        "policy_settled_at",
        "policy_replied_at",
        "policy_callback_at",
        "policy_rechecked_at",
    ),
}
# An inquiry, query, request or suggestion is answered and closed; it is never decided.
LIGHT_ORDER = {
    "policy_accepted_at": ("policy_intake_at",),
    "policy_registered_at": ("policy_accepted_at",),
    "policy_responded_at": ("policy_accepted_at",),
    "policy_closed_at": ("policy_responded_at",),
}
FACT_ORDER = {
    "inquiry": LIGHT_ORDER,
    "query": LIGHT_ORDER,
    "request": LIGHT_ORDER,
    "suggestion": LIGHT_ORDER,
    "complaint": COMPLAINT_ORDER,
    "conflict": COMPLAINT_ORDER,
}

# The facts that a policy can put into an order of its own.
MILESTONES = [
    ("accepted", "Accepted"),
    ("registered", "Registered"),
    ("handed", "Handed Over"),
    ("responded", "Responded"),
    ("investigated", "Investigated"),
    ("solution", "Solution Proposed"),
    ("mandated", "Mandate Given"),
    ("decided", "Decided"),
    ("settled", "Settled"),
    ("replied", "Replied"),
    ("executed", "Carried Out"),
    ("callback", "Called Back"),
    ("rechecked", "Re-checked"),
    ("closed", "Closed"),
]
# How such a fact comes about.
SET_BY = [
    ("person", "A Person"),
    ("opinions", "The Last Opinion"),
    ("approval", "The Last Signature"),
    ("ruling", "A Ruling"),
    ("execution", "Everything Carried Out"),
    ("handover", "The Signature on the Hand-over"),
]

# Facts that only the course of a policy asks for, as they may stand in an old register.
COURSE_ORDER = {
    "policy_investigated_at": ("policy_registered_at",),
    "policy_mandated_at": ("policy_registered_at",),
    "policy_executed_at": ("policy_settled_at",),
}

# A case that an authority has handed over has two facts more; it is accepted after the first and
# closed after the second.
EXTERNAL_ORDER = {
    "policy_external_received_at": (),
    "policy_external_replied_at": ("policy_external_received_at",),
}
EXTERNAL_RESULTS = [
    ("mediated", "Mediation Succeeded"),
    ("mediation_failed", "Mediation Failed"),
    ("not_established", "Not Established"),
    ("withdrawn", "Withdrawn"),
    ("transferred", "Handed to Another Body"),
]

UNITS = [
    ("working_minutes", "Working Minutes"),
    ("working_hours", "Working Hours"),
    ("working_days", "Working Days"),
    ("calendar_hours", "Hours"),
    ("calendar_days", "Days"),
    ("calendar_months", "Months"),
    ("day_of_month", "Day of the Next Month"),
    ("given", "Date Given"),
]
# Which day is the first one: the one after that of the start, or that day itself.
COUNTS_FROM = [("next_day", "The Day After"), ("same_day", "The Day Itself")]
# Where a day without work is due instead.
ROLLS = [
    ("none", "That Day All the Same"),
    ("next_workday", "Next Working Day"),
    ("previous_workday", "Working Day Before"),
]
# Within which time something done counts.
WINDOWS = [("any", "At Any Time Until Then"), ("day", "On the Day Itself")]
# Where a deadline stands now, the most urgent first.
STANDINGS = [
    ("overdue", "Overdue"),
    ("today", "Due Today"),
    ("week", "Due This Week"),
    ("later", "Due Later"),
    ("paused", "Paused"),
    ("late", "Done Late"),
    ("met", "Done in Time"),
    ("cancelled", "Not Asked For"),
]
SEVERITIES_OF_BREACH = [("minor", "Minor"), ("serious", "Serious"), ("grave", "Grave")]
# In which clock the limits of a pause are counted.
PAUSE_UNITS = [
    ("working_hours", "Working Hours"),
    ("working_days", "Working Days"),
    ("calendar_hours", "Hours"),
    ("calendar_days", "Days"),
]

# Who is told of a deadline, and when.
ALERT_KINDS = [("warning", "Warning"), ("escalation", "Escalation")]
ALERT_UNITS = [
    ("percent", "Percent of the Time"),
    ("working_minutes", "Working Minutes"),
    ("working_hours", "Working Hours"),
    ("working_days", "Working Days"),
    ("calendar_hours", "Hours"),
    ("calendar_days", "Days"),
]
TELLS = [
    ("responsible", "The Responsible"),
    ("role", "A Role"),
    ("manager", "Managers of the Responsible"),
]

WAIVER_REASONS = [
    ("system_fault", "Fault of the System"),
    ("customer_delay", "Delay of the Customer"),
    ("force_majeure", "Force Majeure"),
    ("other", "Another Reason"),
]

# What a customer gets.
REMEDIES = [
    ("refund", "Refund"),
    ("allowance", "Allowance"),
    ("return", "Return"),
    ("exchange", "Exchange"),
    ("rework", "Rework"),
    ("compensation", "Compensation"),
    ("waiver", "Waiver"),
    ("gift", "Gift"),
    ("apology", "Apology"),
    ("penalty_waiver", "Waiver of a Penalty"),
    ("rounding", "Rounding Off"),
    ("technical_support", "Technical Support"),
    ("refusal", "Refusal"),
]
# What is decided about a case beside its remedies.
RULINGS = [
    ("mandate", "Mandate to Negotiate"),
    ("not_established", "Not Established"),
    ("legal", "Legal Review"),
    ("suggestion", "Suggestion to Carry Out"),
    ("transfer", "Hand-over of a Case"),
]
# When a department is asked by itself that only some cases need.
CONDITIONS = [
    ("policy_unknown", "The Customer Did Not Know the Policy"),
    ("valuable", "The Suggestion Is Valuable"),
]
# What authority limits and routes speak of: remedies, and whatever else is signed.
SUBJECTS = [
    *REMEDIES,
    *RULINGS,
    ("purchase", "Purchase"),
    ("publication", "Publication of a Policy"),
    ("emergency", "Emergency Handling"),
]
# Where a conflict came to light (CFL-ID-01).
CONFLICT_SOURCES = [
    ("complaint", "Complaint"),
    ("survey", "Satisfaction Survey"),
    ("feedback", "Feedback"),
    ("health", "Health of the Relation"),
    ("internal_report", "Report from Within"),
]
CONFLICT_CATEGORIES = [
    ("service", "Service"),
    ("quality", "Quality of the Product"),
    ("delivery", "Delivery"),
    ("price", "Price and Settlement"),
    ("contract", "Contract"),
    ("communication", "Communication"),
    ("other", "Other"),
]
CONFLICT_SCOPES = [("internal", "Internal"), ("external", "External")]
# A high one is what a major case is; that is where the law is looked at (CFL-LGL-01).
CONFLICT_DEGREES = [("low", "Low"), ("medium", "Medium"), ("high", "High")]
# The means by which a conflict is settled, in their order (CFL-MED-01).
MEDIATIONS = [
    ("negotiation", "Direct Negotiation"),
    ("third_party", "Third-party Mediation"),
    ("arbitration", "Arbitration"),
]
# What makes a case an emergency (EMG-01).
EMERGENCY_TRIGGERS = [
    ("major_loss", "Major Loss"),
    ("key_customer", "Complaint of a Key Customer"),
    ("crisis", "Crisis"),
    ("data_leak", "Leak of Personal Data"),
]

# Debts and penalties that the front line may let a customer off, within limits of their own
# (AUT-FRONT-01).
FRONT_LINE = ("waiver", "penalty_waiver", "rounding")
# For whom a limit in total counts, and within which calendar period.
CUMULATIVE_PER = [
    ("approver", "Each Approver"),
    ("customer", "Each Customer"),
    ("both", "Each Approver and Customer"),
]
PERIODS = [
    ("day", "Per Day"),
    ("week", "Per Week"),
    ("month", "Per Month"),
    ("quarter", "Per Quarter"),
    ("year", "Per Year"),
]
AMOUNT_BASES = [("included", "Tax Included"), ("excluded", "Tax Excluded")]

# Beyond this an amount is a slip of the keyboard, whatever the currency.
AMOUNT_CEILING = 10_000_000_000

# As resource.calendar.attendance counts them.
WEEKDAYS = [
    ("0", "Monday"),
    ("1", "Tuesday"),
    ("2", "Wednesday"),
    ("3", "Thursday"),
    ("4", "Friday"),
    ("5", "Saturday"),
    ("6", "Sunday"),
]


def codes_of(selection):
    """Return the codes of a selection list, as pack schemas want them."""
    return tuple(code for code, _label in selection)


# How satisfied a customer says he is when he is called back.
SCORES = [
    ("5", "5 - Very satisfied"),
    ("4", "4 - Satisfied"),
    ("3", "3 - Neutral"),
    ("2", "2 - Dissatisfied"),
    ("1", "1 - Very dissatisfied"),
]
