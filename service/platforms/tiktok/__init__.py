"""TikTok: lead generation."""
