// Addresses, and what in them tells of a visit.

import { attempt } from "./attempt.js";

const LONGEST_URL = 2000;
const TAGS = "(utm|mtm|pk)[_+-]?(source|medium|campaign|content|term|keyword|kwd)";
const CLICK_IDS =
  "[gdy]clid|[gw]braid|msclkid|li_fat_id|t[tw]clid|epik|sccid|rdt_cid|tblci|dicbo|obclid|" +
  "gad_(source|campaignid)|fbclid|igsh(id)?|mc_[ce]id|_hs(enc|mi)|mkt_tok|_kx|ck_subscriber_id|" +
  "ml_subscriber(_hash)?|vero_id|irclickid|awc|cjevent";
const TOLD_BY = "(^|[?&#;])(" + TAGS + "|" + CLICK_IDS + ")=[^&#]";

export const isTagged = (url) => url.toLowerCase().match(TOLD_BY);

// Without www; "" where there is none.
export const hostOf = (url) => attempt(() => new URL(url).hostname.replace(/^www\.|\.$/g, ""), "");

export const isUnder = (host, domain) => host === domain || host.endsWith("." + domain);

// Page and telling parameters only.
export const essence = (url) => {
  const parts = url.split(/[?#&]/);
  const telling = parts.filter(isTagged).join("&");
  return parts[0] + (telling && "?" + telling);
};

export const cut = (url) => (url.length > LONGEST_URL ? essence(url).slice(0, LONGEST_URL) : url);
