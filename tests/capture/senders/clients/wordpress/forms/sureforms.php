<?php
// SureForms: blocks, as its editor saves them.
return function () {
    $options = [['optionTitle' => 'Desk'], ['optionTitle' => 'Office']];
    $blocks = [
        ['srfm/input', ['label' => 'Your name', 'slug' => 'your-name', 'required' => true]],
        ['srfm/email', ['label' => 'Your e-mail', 'slug' => 'your-e-mail', 'required' => true]],
        ['srfm/phone', ['label' => 'Phone', 'slug' => 'phone', 'autoCountry' => false, 'defaultCountry' => 'gb']],
        ['srfm/multi-choice', ['label' => 'What do you need?', 'slug' => 'needs', 'singleSelection' => false, 'options' => $options]],
        ['srfm/textarea', ['label' => 'Your message', 'slug' => 'your-message']],
        ['srfm/gdpr', ['label' => 'I agree to the privacy policy.', 'slug' => 'privacy']],
    ];
    $content = '';
    foreach ($blocks as $number => [$name, $attributes]) {
        $content .= get_comment_delimited_block_content($name, $attributes + ['block_id' => "b10c000$number"], '');
    }
    $form = wp_insert_post(['post_type' => 'sureforms_form', 'post_status' => 'publish', 'post_title' => 'Tour', 'post_content' => wp_slash($content)]);
    return ['sureforms' => "[sureforms id=\"$form\"]"];
};
