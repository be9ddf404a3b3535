// Laid out by hand.
int  main( void ) {
  return 0; }
