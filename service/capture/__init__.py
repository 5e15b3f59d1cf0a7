"""Room 1, ARRIVE: a stranger's request becomes a Submission, and the stranger a Receipt.

    endpoints.py      browsers, /f/<form>: judge, read, keep, answer
    webhooks.py       platforms and tools, /webhooks/<sender>/<form>: prove, read, keep, answer
    wire.py           the bytes and headers of a request; compression unpacks, queries has what an address says
    limits.py         how often one visitor may post

    senders.py        each sender's reader and proofs; platforms/ and tools/ have one file a sender
    enquiries.py      what a webhook may bring, in its sender's words
    submitting.py     an Enquiry read as a visitor's post is: everything below serves both

    reading.py        one request of a browser read whole
    bodies.py         bytes to names and values: pairs, multipart, loose_json, nesting, texts
    entities.py       answers that a tool made HTML, as they were typed
    names.py          what a field's name means: labels takes it apart, vocabulary has aliases.json, owners whose it is
    fill_time.py      how long the page was open
    fields.py         all answers laid out by meaning: claims settles rivals, full_names joins, guesses fills gaps
    contact.py        who it is: addresses, names, and numbers by phones
    evidence.py       how the person came
    controls.py       fields that steer this service
    schemas.py        what a form requires, told in the words of phrases and languages/
    refusals.py       bodies that hold no enquiry

    guards/           what looks like spam, and the captcha: judged, never discarded
    intake.py         one Submission kept, one Delivery owed
    repeats.py        what a repeat is, and what a change makes of the lead that came first

    turned_away.py    calls that were refused, and remedies for them

    sheets/           leads in files: rows read, columns understood

    answers.py        page or JSON, where to next, whose scripts may read it
    replies.py        the answers themselves
    pages.py          what visitors see: asking, inputs, widgets, templates/
    phrases.py        in which words: languages/
    script/           attribution.js for landing pages
    samplepage/       a landing page to try things on

The room calls nobody but a captcha's provider, and never the CRM. What it keeps, delivery finds in the store.
"""
