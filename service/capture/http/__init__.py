"""The HTTP side of capture.

form_posts.py     browsers and their scripts at /f/<form>
webhooks.py       platforms and tools at /webhooks/<sender>/<form>
webhook_items.py  what one call brings, read and kept
incoming.py       a request as plain values; whether a script or a person waits
sites.py          which pages may post and read the response (CORS), and where a visitor may be sent next
responses.py      JSON, pages and redirects
rate_limit.py     how often one visitor may post
rejected_calls.py rejected webhook calls, recorded with what to do
"""
