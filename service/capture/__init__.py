"""Room 1, RECEIVE: a request becomes a Submission, and its sender gets a Receipt.

    accept.py         the page to read first: one Submission kept, one Delivery enqueued
    dedup.py          the keys by which a repeat is recognised
    repeats.py        how a repeat changes the lead that came first

    http/             the endpoints: form_posts at /f/<form>, webhooks at /webhooks/<sender>/<form>
    parsing/          bytes -> names and values
    fields/           names and values -> what each means, the contact, the evidence, what is missing
    spam/             quarantines what looks like spam; the captcha
    pages/            the pages that visitors see, and their languages
    tools/            webhook senders: one file for each form tool, registry.py lists them
    sheets/           leads in files: rows read, columns understood

    script/           attribution.js for landing pages, and a landing page to try it on

A form post walks http -> parsing -> fields -> spam -> accept. The room makes no outgoing call but to a captcha
provider, and never to the CRM. What it keeps, delivery finds in the store.
"""
