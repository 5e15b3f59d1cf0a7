<?php
// Contact Form 7 sends by "CF7 to Webhook", set up as its panel does. A second form is sent by GET, which it offers, too;
// a third leaves its hidden fields to our script.
return function ($address, $token) {
    $own = '[hidden utm_source default:get] [hidden utm_medium default:get] [hidden utm_campaign default:get]';
    $ours = '[hidden utm_source] [hidden utm_medium] [hidden utm_campaign] [hidden gclid] [hidden landing_page]';
    $script = "<script src=\"$address/attribution.js\" defer></script>";
    $pages = [];
    foreach ([
        'contact-form-7' => ['POST', $own, ''],
        'contact-form-7-by-get' => ['GET', $own, ''],
        'contact-form-7-with-our-script' => ['POST', $ours, $script],
    ] as $name => [$method, $hidden, $head]) {
        $form = WPCF7_ContactForm::get_template(['title' => 'Tour']);
        $form->set_properties([
            'form' => implode("\n", [
                '<label>Your name [text* your-name]</label>',
                '<label>Your e-mail [email* your-email]</label>',
                '<label>Phone [tel tel-723]</label>',
                '[checkbox checkbox-66 use_label_element "Desk" "Office"]',
                '<label>Your message [textarea your-message]</label>',
                '[acceptance acceptance-1] I agree to the privacy policy. [/acceptance]',
                $hidden,
                '[submit "Send"]',
            ]),
            'ctz_zapier' => [
                'activate' => '1',
                'hook_url' => ["$address/webhooks/contact-form-7/tour"],
                'custom_method' => $method,
                'custom_headers' => "X-Webhook-Token: $token",
                'special_mail_tags' => '[_url] [_remote_ip]',
                'accepted_statuses' => [200],
            ],
        ]);
        $pages[$name] = $head . '[contact-form-7 id="' . $form->save() . '"]';
    }
    return $pages;
};
