<?php
// Everest Forms: one row for each field. Its hidden fields cannot take what the page's address says.
return function () {
    $choices = [1 => ['label' => 'Desk', 'value' => ''], 2 => ['label' => 'Office', 'value' => '']];
    $fields = [
        'fullname' => ['type' => 'text', 'label' => 'Your name', 'required' => '1'],
        'email' => ['type' => 'email', 'label' => 'Your e-mail', 'required' => '1'],
        'Zm3JtA9eXo-3' => ['type' => 'phone', 'label' => 'Phone', 'phone_format' => 'default'],
        'wKd2TzrW8u-4' => ['type' => 'checkbox', 'label' => 'What do you need?', 'choices' => $choices],
        'hN5xqgPv0m-5' => ['type' => 'textarea', 'label' => 'Your message'],
        'c7RbQy1sLd-6' => ['type' => 'privacy-policy', 'label' => 'Privacy', 'consent_message' => 'I agree.'],
    ];
    $form = evf()->form->create('Tour', 'blank', [], ['builder' => false]);
    $data = evf()->form->get($form, ['content_only' => true]);
    foreach ($fields as $id => $field) {
        $data['form_fields'][$id] = ['id' => $id, 'meta-key' => $id, 'description' => '', 'placeholder' => ''] + $field;
        $data['structure']["row_$id"] = ['grid_1' => [$id]];
    }
    $data['settings'] += [
        'ajax_form_submission' => '1', 'redirect_to' => 'same', 'submit_button_text' => 'Send',
        'successful_form_submission_message' => 'Thank you.', 'honeypot' => '1',
    ];
    evf()->form->update($form, $data);
    return ['everest-forms' => "[everest_form id=\"$form\"]"];
};
