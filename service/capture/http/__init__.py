"""The HTTP side of capture.

form_posts.py     browsers and their scripts at /f/<form>
webhooks.py       platforms and tools at /webhooks/<sender>/<form>
webhook_items.py  what one call brings, read and kept
incoming.py       a request as plain values; whether a script or a person waits, and which page may read the response;
                  answers in an address
responses.py      JSON, pages and redirects; where a visitor may be sent next
unproven.py       limits on callers who prove nothing
rejected_calls.py rejected webhook calls, recorded with what to do
"""
