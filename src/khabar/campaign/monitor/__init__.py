"""How a campaign goes: figures from what pulls have seen, and one page that shows them."""
