<?php
// Ninja Forms: fields with the keys that its editor gives them, or that an owner typed.
return function () {
    $form = Ninja_Forms()->form()->get();
    $form->update_settings(['title' => 'Tour', 'show_title' => '0', 'clear_complete' => '1', 'hide_complete' => '1'])->save();
    $options = array_map(
        fn($word) => ['label' => $word, 'value' => $word, 'calc' => '', 'selected' => 0],
        ['Desk', 'Office']
    );
    $fields = [
        ['type' => 'textbox', 'key' => 'name', 'label' => 'Your name', 'required' => 1],
        ['type' => 'email', 'key' => 'email', 'label' => 'Your e-mail', 'required' => 1],
        ['type' => 'phone', 'key' => 'phone', 'label' => 'Phone'],
        ['type' => 'listcheckbox', 'key' => 'needs', 'label' => 'What do you need?', 'options' => $options],
        ['type' => 'textarea', 'key' => 'message', 'label' => 'Your message'],
        ['type' => 'checkbox', 'key' => 'consent', 'label' => 'I agree.', 'checked_value' => 'Yes', 'unchecked_value' => 'No'],
        ['type' => 'hidden', 'key' => 'utm_source', 'label' => 'utm_source', 'default' => '{querystring:utm_source}'],
        ['type' => 'submit', 'key' => 'submit', 'label' => 'Send', 'processing_label' => 'Sending'],
    ];
    foreach ($fields as $order => $field) {
        $made = Ninja_Forms()->form($form->get_id())->field()->get();
        $made->update_settings($field + ['order' => $order + 1, 'label_pos' => 'above'])->save();
    }
    $thanks = Ninja_Forms()->form($form->get_id())->action()->get();
    $thanks->update_settings(['type' => 'successmessage', 'label' => 'Thanks', 'success_msg' => 'Thank you.', 'active' => 1])->save();
    WPN_Helper::build_nf_cache($form->get_id());
    return ['ninja-forms' => "[ninja_form id={$form->get_id()}]"];
};
