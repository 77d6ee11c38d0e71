"""From a team's export to inquiries: files -> rows -> conversations -> masked -> stored."""
