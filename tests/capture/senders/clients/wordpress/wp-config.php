<?php
// The site of test_wordpress_clients.py: on a database of its own, without a way out into the net.
foreach (['NAME' => 'wordpress', 'USER' => 'root', 'PASSWORD' => '', 'HOST' => getenv('SITE_DATABASE')] as $key => $value) {
    define("DB_$key", $value);
}
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $name) {
    define("{$name}_KEY", "a key of the test's");
    define("{$name}_SALT", "a salt of the test's");
}
$table_prefix = 'wp_';
define('WP_HOME', getenv('SITE_URL'));
define('WP_SITEURL', getenv('SITE_URL'));
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('WP_ACCESSIBLE_HOSTS', '127.0.0.1');
define('AUTOMATIC_UPDATER_DISABLED', true);
define('DISABLE_WP_CRON', true);
define('WP_DEBUG', false);
if (!defined('ABSPATH')) {
    define('ABSPATH', __DIR__ . '/');
}
require_once ABSPATH . 'wp-settings.php';
