namespace ipo {}
