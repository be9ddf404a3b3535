// Writes behind the end of an array.
int lf_sample(void);

int lf_sample(void)
{
	int values[4] = { 0, 0, 0, 0 };

	values[4] = 1;
	return values[0];
}
