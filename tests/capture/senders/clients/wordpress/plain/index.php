<?php // The least of a theme, so that the tests need none of WordPress's. ?>
<!doctype html>
<html <?php language_attributes(); ?>>
<head><meta charset="<?php bloginfo('charset'); ?>"><?php wp_head(); ?></head>
<body <?php body_class(); ?>>
<?php
wp_body_open();
while (have_posts()) {
    the_post();
    the_content();
}
wp_footer();
?>
</body>
</html>
