"use strict";
// A page about work in progress looks again by itself; without a script its link does.
setTimeout(() => { location.reload(); }, 1000);
