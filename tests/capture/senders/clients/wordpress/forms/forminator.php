<?php
// Forminator has a webhook of its own, which every form can use once it is switched on.
return function ($address, $token) {
    $options = array_map(fn($word) => ['label' => $word, 'value' => $word, 'limit' => ''], ['Desk', 'Office']);
    $fields = [
        'name-1' => ['type' => 'name', 'field_label' => 'Your name', 'required' => 'true'],
        'email-1' => ['type' => 'email', 'field_label' => 'Your e-mail', 'required' => 'true'],
        'phone-1' => ['type' => 'phone', 'field_label' => 'Phone', 'validation' => 'none'],
        'checkbox-1' => ['type' => 'checkbox', 'field_label' => 'What do you need?', 'value_type' => 'checkbox', 'options' => $options],
        'textarea-1' => ['type' => 'textarea', 'field_label' => 'Your message', 'input_type' => 'paragraph'],
        'consent-1' => ['type' => 'consent', 'field_label' => 'Privacy', 'consent_description' => 'I agree.'],
    ];
    foreach (['source', 'medium', 'campaign'] as $number => $key) {
        $fields['hidden-' . ($number + 1)] = ['type' => 'hidden', 'field_label' => "utm_$key", 'default_value' => 'query', 'query_parameter' => "utm_$key", 'prefill' => "utm_$key"];
    }
    $wrappers = [];
    foreach ($fields as $id => $field) {
        $wrappers[] = ['wrapper_id' => "wrapper-$id", 'fields' => [['element_id' => $id, 'cols' => '12'] + $field]];
    }
    $settings = ['formName' => 'Tour', 'form-type' => 'default', 'submission-behaviour' => 'behaviour-thankyou',
        'thankyou-message' => 'Thank you.', 'enable-ajax' => 'true', 'fields-style' => 'open', 'form-expire' => 'no_expire', 'store_submissions' => true];
    $form = Forminator_API::add_form('Tour', $wrappers, $settings);
    Forminator_Integration_Loader::get_instance()->activate_addon('webhook');
    update_post_meta($form, 'forminator_addon_webhook_form_settings', [
        'one' => ['name' => 'Lead Capture', 'webhook_url' => "$address/webhooks/json/tour?token=$token"],
    ]);
    return ['forminator' => "[forminator_form id=\"$form\"]"];
};
