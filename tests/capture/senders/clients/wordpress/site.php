<?php
// Sets a WordPress up, step by step: each is a process of its own, because plug-ins load when WordPress starts.
// php site.php FOLDER install | activate | forms ADDRESS TOKEN; "forms" prints {"<page>": {"version", "address"}}.
[, $folder, $step, $address, $token] = $argv + [3 => '', 4 => ''];
$_SERVER += ['HTTP_HOST' => parse_url(getenv('SITE_URL'), PHP_URL_HOST), 'SERVER_PROTOCOL' => 'HTTP/1.1', 'REQUEST_METHOD' => 'GET'];

if ($step === 'install') {
    define('WP_INSTALLING', true);
    require "$folder/wp-load.php";
    require ABSPATH . 'wp-admin/includes/upgrade.php';
    wp_install('Kiezwerk', 'editor', 'editor@kiezwerk.example', false, '', 'a password');
    update_option('permalink_structure', '/%postname%/');
    switch_theme('plain');
    exit;
}

require "$folder/wp-load.php";
require_once ABSPATH . 'wp-admin/includes/admin.php';
wp_set_current_user(1);

if ($step === 'activate') {
    foreach (array_keys(get_plugins()) as $plugin) {
        activate_plugin($plugin);
    }
    exit;
}

$pages = [];
foreach (get_plugins() as $plugin => $facts) {
    $forms = __DIR__ . '/forms/' . dirname($plugin) . '.php';
    if (is_plugin_active($plugin) && file_exists($forms)) {
        foreach ((require $forms)($address, $token) as $name => $content) {
            $page = wp_insert_post([
                'post_type' => 'page', 'post_status' => 'publish', 'post_title' => $name, 'post_content' => $content,
            ]);
            $pages[$name] = ['version' => $facts['Version'], 'address' => get_permalink($page)];
        }
    }
}
flush_rewrite_rules();
echo "\n", wp_json_encode($pages);
