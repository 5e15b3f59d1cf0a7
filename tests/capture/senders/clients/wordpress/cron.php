<?php
// Runs what a plug-in put off, now instead of when it is due: php cron.php FOLDER HOOK.
[, $folder, $hook] = $argv;
$_SERVER += ['HTTP_HOST' => parse_url(getenv('SITE_URL'), PHP_URL_HOST), 'SERVER_PROTOCOL' => 'HTTP/1.1', 'REQUEST_METHOD' => 'GET'];
define('DOING_CRON', true);
require "$folder/wp-load.php";
foreach (_get_cron_array() as $due => $hooks) {
    foreach ($hooks[$hook] ?? [] as $event) {
        wp_unschedule_event($due, $hook, $event['args']);
        do_action_ref_array($hook, $event['args']);
    }
}
