// URLs, and the parameters that show a visit's origin.

import { attempt } from "./attempt.js";

const MAX_URL_LENGTH = 2000;
const TAGS = "(utm|mtm|pk)[_+-]?(source|medium|campaign|content|term|keyword|kwd)";
const CLICK_IDS =
  "[gdy]clid|[gw]braid|msclkid|li_fat_id|t[tw]clid|epik|sccid|rdt_cid|tblci|dicbo|obclid|" +
  "gad_(source|campaignid)|fbclid|igsh(id)?|mc_[ce]id|_hs(enc|mi)|mkt_tok|_kx|ck_subscriber_id|" +
  "ml_subscriber(_hash)?|vero_id|irclickid|awc|cjevent";
const ORIGIN_PARAMETERS = "(^|[?&#;])(" + TAGS + "|" + CLICK_IDS + ")=[^&#]";

export const isTagged = (url) => url.toLowerCase().match(ORIGIN_PARAMETERS);

// Without www; "" for an address without a host.
export const hostOf = (url) => attempt(() => new URL(url).hostname.replace(/^www\.|\.$/g, ""), "");

export const isUnder = (host, domain) => host === domain || host.endsWith("." + domain);

// The page and its origin parameters only.
export const essence = (url) => {
  const parts = url.split(/[?#&]/);
  const kept = parts.filter(isTagged).join("&");
  return parts[0] + (kept && "?" + kept);
};

export const cut = (url) => (url.length > MAX_URL_LENGTH ? essence(url).slice(0, MAX_URL_LENGTH) : url);
