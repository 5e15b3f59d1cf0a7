"use strict";
// Refreshes a page about work in progress; without a script, its link does.
setTimeout(() => { location.reload(); }, 1000);
