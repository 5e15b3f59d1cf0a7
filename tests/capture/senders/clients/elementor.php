<?php
// Posts as Elementor Pro's webhook action does from a German WordPress: php elementor.php ADDRESS [advanced]
[$script, $address, $mode] = $argv + [2 => 'simple'];

$fields = [
    'name' => ['type' => 'text', 'title' => 'Name', 'value' => 'Oskar Lind'],
    'email' => ['type' => 'email', 'title' => 'E-Mail', 'value' => 'oskar@lindbygg.example'],
    'message' => ['type' => 'textarea', 'title' => 'Ihre Nachricht', 'value' => "Vier Plätze,\r\nbitte."],
    'utm_source' => ['type' => 'hidden', 'title' => '', 'value' => 'google'],
];
$meta = [
    'date' => ['title' => 'Datum', 'value' => '24. November 2026'],
    'time' => ['title' => 'Zeit', 'value' => '10:04'],
    'page_url' => ['title' => 'Seiten-URL', 'value' => 'https://kiezwerk.example/tour/?utm_source=google'],
    'user_agent' => ['title' => 'Benutzer-Agent', 'value' => 'Mozilla/5.0 (X11; Linux x86_64)'],
    'remote_ip' => ['title' => 'Remote-IP', 'value' => '198.51.100.7'],
    'credit' => ['title' => 'Powered by', 'value' => 'Elementor'],
];

if ($mode === 'advanced') {
    foreach ($fields as $id => $field) {
        $fields[$id] += ['id' => $id, 'raw_value' => $field['value'], 'required' => '0'];
    }
    $body = ['form' => ['id' => '7c2f3a1', 'name' => 'Tour'], 'fields' => $fields, 'meta' => $meta];
} else {
    $body = [];
    foreach ($fields as $id => $field) {
        $body[$field['title'] ?: "Kein Label $id"] = $field['value'];
    }
    foreach ($meta as $row) {
        $body[$row['title']] = $row['value'];
    }
    $body += ['form_id' => '7c2f3a1', 'form_name' => 'Tour'];
}

$context = stream_context_create(['http' => [
    'method' => 'POST',
    'header' => [
        'Content-Type: application/x-www-form-urlencoded',
        'User-Agent: WordPress/6.8; https://kiezwerk.example',
    ],
    'content' => http_build_query($body, '', '&'),
    'ignore_errors' => true,
]]);
$answer = file_get_contents($address, false, $context);
echo explode(' ', $http_response_header[0])[1], ' ', $answer, "\n";
