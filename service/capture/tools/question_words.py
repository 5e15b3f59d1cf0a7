"""The words by which a question is known: what tools call its label, name, answer and kind, folded."""

import re

VALUES = (
    *("value", "values", "answer", "answers", "stringvalue", "fieldvalue", "answervalue", "answertext", "textvalue"),
    *("response", "userinput", "userresponse", "submittedvalue", "ischecked", "textanswers"),
    *("wert", "antwort", "eingabe", "valeur", "reponse", "valor", "respuesta", "valore", "risposta", "resposta"),
    *("waarde", "antwoord", "wartosc", "odpowiedz"),
)
LABELS = (
    *("label", "title", "question", "questiontext", "questiontitle", "questionname", "fieldlabel", "fieldtitle"),
    *("heading", "headline", "caption", "prompt", "displayname", "columnname"),
    *("frage", "bezeichnung", "beschriftung", "libelle", "intitule", "pregunta", "etiqueta", "domanda", "etichetta"),
    *("pergunta", "rotulo", "vraag", "pytanie", "etykieta", "text"),
)
NAMES = (
    *("name", "fieldname", "field", "key", "fieldkey", "slug", "ref", "alias", "metakey", "customkey", "variable"),
    *("property", "attribute", "checkboxkey", "columnid", "feld", "champ", "campo", "veld", "pole"),
)
IDS = ("id", "fieldid", "questionid", "uuid", "qid")
KINDS = ("type", "kind", "fieldtype", "inputtype", "questiontype")
BESIDE = ("currency", "unit", "comment", "other")
"""Members of a question that add to its answer. The rest of it is the tool's: required, visible, choices and so on."""

ROLES = {
    word: (role, rank)
    for role, words in enumerate((VALUES, LABELS, NAMES, IDS, KINDS, BESIDE))
    for rank, word in enumerate(words)
}
"""Folded name of a question's member -> what it is in the question, and how sure that is."""

ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
OF_A_PERSON = frozenset(("email", "phone", "full_name", "first_name", "last_name", "message"))

SPEAKING = frozenset(("label", "title", "question", "field", "ref"))
"""What only a question has: where it stands, the kind of answer may be the name of the member that holds it."""

VOCABULARY = frozenset((*VALUES, *LABELS, *NAMES, *IDS, *KINDS))
DESCRIBING = VOCABULARY | frozenset(
    (
        *(
            "description",
            "placeholder",
            "hint",
            "help",
            "helptext",
            "instructions",
            "default",
            "defaultvalue",
            "format",
        ),
        *("subtype", "class", "classname", "cssclass", "width", "size", "style", "color", "icon", "error", "message"),
        *("validation", "pattern", "autocomplete", "layout", "position", "order", "section", "parent", "page"),
    )
)
"""Members of a question's description, folded."""

LAYOUT = frozenset(
    (
        *("html", "submit", "button", "section", "pagebreak", "page", "divider", "statement", "heading", "paragraph"),
        *("captcha", "image", "spacer", "thankyou", "welcome", "textblock", "controlhead", "controlbutton"),
        *("controltext", "controlpagebreak", "richtext", "video", "instructions"),
    )
)
"""Kinds of what stands between questions, folded."""

TARGETS = {
    **dict.fromkeys(("email", "emailinput", "inputemail", "emailaddress", "controlemail"), "email"),
    **dict.fromkeys(("tel", "phone", "phonenumber", "phoneinput", "inputphonenumber", "controlphone"), "phone"),
    **dict.fromkeys(("name", "fullname", "controlfullname"), "full_name"),
}
"""Kind of question, folded -> what it asks for; counts only where no label says it."""
