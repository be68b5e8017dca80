def template_words(env, sheet):
    """Return the words that every Excel template of ours has, for ``tools.import_sheet``.

    :param str sheet: the name of the sheet to fill in.
    """
    return {
        "sheet": sheet,
        "guide": env._("How to Fill It In"),
        "heads": [
            env._("Column"),
            env._("Needed"),
            env._("What It Holds"),
            env._("Allowed Values"),
        ],
        "needed": env._("Yes"),
        "list": env._("Not in the list"),
        "kinds": {
            "text": env._("Text."),
            "moment": env._("Date, or date and time."),
            "day": env._("Date."),
            "number": env._("Number."),
            "choice": env._("One of the allowed values."),
            "list": env._("Allowed values, with commas between them."),
        },
    }
