int lf_twice(void);
