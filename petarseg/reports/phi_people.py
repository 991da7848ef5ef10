"""Given names, family names and places that are common enough to be told by the word alone, and the words that never are names.

The lists are deliberately short: a rare name is recognised because no dictionary knows it (`phi_lexicon`), a common one because it
stands here. Words that are both (Rose, Grant, Reading) count as names only beside another name, a title or a credential.
"""

from __future__ import annotations

GIVEN_NAMES = frozenset(
    """
    aaron abdul abdullah abigail ada adam adele adrian adriana agnes ahmad ahmed aidan aisha akira alan albert alberto alejandra alejandro aleksandr
    alessandro alex alexander alexandra alexis alfred alfredo ali alice alicia alison allan allen allison alma alvin amanda amber amelia amina amir amit amy
    ana anastasia anders andre andrea andreas andres andrew angela angelica angelo anita anja ann anna anne annette annie anthony antoine anton antonia
    antonio anya archibald ariel arjun arlene armando arnold arthur arturo asha ashley astrid audrey august augustus aurora austin ava axel ayesha barbara
    barry bartholomew beatrice beatriz becky belinda ben benjamin bernadette bernard bernardo bernice bertha bertram beth bethany betty beverly bianca bill billy
    birgit bjorn blanca bob bobby bonnie boris brad bradley brandon brenda brendan brent brett brian bridget britta brittany bruce bruno bryan
    camila camille candice carl carla carlos carmen carol carole carolina caroline carolyn cassandra catherine cathy cecil cecilia cedric celeste celia
    cesar chad chandra charlene charles charlie charlotte chen cheryl chiara chloe chris christian christina christine christopher cindy claire clara
    clarence claude claudia clayton clement clifford clifton clyde cody colin colleen connie connor constance cora corey cornelius courtney craig cristina
    curtis cynthia cyril daisy dale dana daniel daniela danielle danny daphne darlene darrell darren daryl dave david deborah debra declan deirdre delia
    delores denise dennis derek dermot desmond diana diane diego dieter dimitri dina dolores dominic don donald donna dora doreen doris dorothy doug douglas duncan
    dustin dwight dylan earl ebony eddie edgar edith edmund eduardo edward edwin eileen elaine eleanor elena eli elias elijah elisabeth eliza elizabeth ella
    ellen elliot elliott elmer eloise elsa elsie emanuel emil emilia emily emma emmanuel enrique eric erica erik erika erin ernest ernesto esther ethan ethel eugene
    eunice eva evan evelyn fabian fatima faye felicia felipe felix ferdinand fernando fiona flora florence floyd frances francesca francesco francis francisco
    frank franklin franz fred freda frederick freya frida fritz gabriel gabriela gail gareth gary gavin gene genevieve geoffrey george georgia georgina
    gerald geraldine gerard gerda gertrude gilbert gilberto gina giovanni giulia giuseppe gladys glen glenda glenn gloria gordon grace graham greg gregory greta
    guadalupe guillermo gunther gustav gustavo gwen gwendolyn hamid hannah hans harold harriet harry harvey hassan hattie hazel heather hector heidi
    heinrich helen helena helga helmut henrietta henrik henry herbert herman hilary hilda hiroshi holly homer horace howard hubert hugh hugo humphrey hussein
    ian ibrahim ida ignacio ignatius igor imogen ina indira ines inga ingrid irena irene irina iris irma irving isaac isabel isabella isabelle isaiah ismail ivan ivy
    jack jackie jaclyn jacob jacqueline jacques jaime jake jamal james jamie jan jana jane janet janice jared jasmine jason javier jay jean jeanette jeanne jeff
    jeffery jeffrey jennifer jenny jeremiah jeremy jerome jerry jesse jessica jessie jesus jill jim jimmy jin joan joann joanna joanne joaquin jodi jody joe joel
    johan johann johanna john johnny jon jonathan jordan jorge jose josef joseph josephine joshua joy joyce juan juana juanita judith judy julia julian juliana
    julie juliet julio julius jun june justin kaitlyn kamal karen karin karina karl karla kate katharina katherine kathleen kathryn kathy katie katrina kay keith kelly
    ken kenji kenneth kent kerry kevin khalid kim kimberly kirsten kristen kristin kristina kumar kurt kyle lakshmi lance larry lars laura lauren laurence
    laurie lawrence leah lee leif leila lena leo leon leona leonard leonardo leonora leroy leslie lewis liam lila lillian lily linda lindsay lindsey lionel lisa liz
    lloyd lois lola lora loren lorenzo loretta lori lorraine louis louisa louise lucas lucia lucian luciana lucille lucy luigi luis luisa luke luther lydia lyle lynn
    mabel madeline madison mae magdalena maggie mahmoud malcolm mandy manuel manuela marc marcel marcia marco marcos marcus margaret margarita margot maria
    mariam marian marianne marie marilyn mario marion marisa marjorie mark marlene marsha martha martin martina marvin mary matilda matt matthew matthias maureen maurice
    mauricio max maxine maxwell may mei melanie melissa melody melvin mercedes meredith michael michaela michele michelle miguel mikhail mildred miles milton mina ming
    minh minnie miranda miriam misty mitchell mohamed mohammad mohammed mohan moira molly mona monica monique morris moses muhammad muriel myra myrtle nadia nadine
    nancy naomi natalia natalie natasha nathan nathaniel neha neil nellie nelson nicholas nicola nicolas nicole nigel nikhil nikolai nina noah noel nora norma norman olga
    olive oliver olivia omar ophelia orlando oscar oswald otto owen pablo padma paige pam pamela paola paolo parker pat patrice patricia patrick patsy paul paula
    pauline pearl pedro peggy penelope penny percy perry pete peter petra phil philip philippa phillip philomena phoebe phyllis pierre piotr polly prakash priscilla priya
    quentin quincy rachel rafael rahul raj rajesh ralph ramesh ramon ramona randall randy raquel rashid raul ravi ray raymond rebecca regina reginald renata
    rene renee reuben rex rhonda ricardo richard rick ricky rita robert roberta roberto robin rochelle roderick rodney rodrigo roger roland rolf roman ron ronald
    ronnie rosa rosalie rosalind rosamund rosario rose rosemary rosie ross roxanne roy ruben ruby rudolf rudolph rupert russell ruth ryan sabrina sally salvador sam samantha
    samir samuel sandeep sandra sandy sanjay santiago sara sarah sasha saul scott sean sebastian selena selma serena sergei sergio seth shane shannon sharon shaun shawn
    sheila shelby shelley sherry shirley shreya sidney siegfried sigrid silvia simon simone sofia solomon sonia sonja sophia sophie stacey stacy stan stanley stefan stella stephan
    stephanie stephen sterling steve steven stewart stuart sue sunil suresh susan susana susanna susanne suzanne sven sybil sylvia tamara tammy tanya tara tatiana ted
    terence teresa terrence terri terry thaddeus thelma theodora theodore theresa therese thomas tiffany tim timothy tina tobias todd tom tomas tommy toni tony tracey
    tracy travis trevor trisha trudy tyler ulrich ulrike ursula valentina valerie vanessa vasquez velma vera verna vernon veronica vicki vicky victor victoria vijay
    vikram vincent viola violet virgil virginia vivian vladimir wade walter wanda warren wayne wei wendell wendy werner wesley wilbur wilfred wilhelm willa willard
    william willie wilma winifred winston wolfgang xavier xiao yan yasmin yolanda yuki yusuf yvette yvonne zachary zainab zoe
    """.split()
)

FAMILY_NAMES = frozenset(
    """
    abbott abdi abrams acosta adams adler aguilar aguirre ahmed alexander ali allen allison alvarado alvarez andersen anderson andersson andrews armstrong arnold
    ashworth atkinson austin bailey baker baldwin ballard banerjee barber barker barnes barnett barrett barton bates bauer beck becker bell bennett benson berg berger
    bernard bianchi bishop black blair blake bond bowen bowers bowman boyd bradford bradley brady brennan brewer briggs brooks brown bruce bryant buchanan burgess burke
    burns burton bush butler byrd byrne caldwell cameron campbell cannon carlson carpenter carr carroll carson carter castillo castro chambers chan chandler chang chapman
    chavez chen cheng choi chopra christensen chung clark clarke clayton cohen cole coleman collins colombo conner connolly contreras cook cooper cortez costa cox craig crawford
    cruz cunningham curtis dalton daniels davidson davies davis dawson day dean delgado deluca desai diaz dixon dominguez donnelly donovan douglas doyle dubois dumont duncan dunn duran
    edwards elliott ellis ellison erickson espinoza estrada evans farrell ferguson fernandez ferrari fields fischer fisher fitzgerald fleming fletcher flores flynn foley ford foster
    fowler fox francis frank franklin fraser frazier freeman friedman fuchs fuentes fuller gallagher garcia gardner garrett garza gibbs gibson gilbert gill goldberg goldstein gomez gonzales
    gonzalez goodman goodwin gordon graham grant graves gray green greenberg greene griffin griffith gross guerrero gupta gutierrez guzman hale hall hamilton hammond hansen hanson
    hardy harmon harper harrington harris harrison hart hartman harvey hawkins hayes heller henderson hendricks henry hernandez herrera hicks higgins hill hoang hoffman hoffmann hogan holland
    holloway holmes holt hopkins horton houston howard howell huang hubbard hudson huff hughes hunt hunter hussain huynh hwang ibarra ingram ito ivanov iyer jackson jacobs james jansen
    jefferson jenkins jennings jensen jimenez johansson johnson johnston jones jordan joseph juarez kang kaplan kapoor kaur keller kelley kelly kennedy khan kim king klein knight koch
    kowalski kramer krause krueger kumar lambert lane larsen larson lawrence lawson leblanc lee lehmann leon leonard lester levin levy lewis li lim lin lindqvist lindsey little liu lloyd long lopez
    lowe lucas luna lynch lyons macdonald mack mackenzie maldonado malone mann manning marquez marshall martin martinez mason matthews maxwell may mccarthy mccormick mccoy mcdonald mcgee mckenzie
    mckinney mclaughlin mcmahon medina mehta mejia mendez mendoza meyer miles miller mills miranda mitchell mitra mohamed molina monroe montgomery montoya moore mora morales moran
    moreau moreno morgan morris morrison moss mueller muller müller mukherjee mullins munoz murphy murray myers nair navarro neal nelson newman newton nguyen nichols nielsen norman norris norton novak
    nunez obrien oconnor ochoa odonnell okafor oliver olson oneal oneill ortega ortiz osborne owens pacheco padilla page palmer park parker parks parsons patel patterson paul payne pearson pena
    perez perkins perry petersen peterson pham phan phillips pierce popov porter potter powell powers pratt price quinn rahman ramirez ramos ramsey randall rao reddy reed reese reeves reid
    reyes reynolds rhodes rice richards richardson richter riley rios rivera robbins roberts robertson robinson rodgers rodriguez rogers rojas romano romero rosales rose rosenberg ross rossi roth
    roy ruiz russell russo ryan salazar salinas sanchez sanders sandoval santiago santos sato saunders schmidt schneider schroeder schultz schulz schwartz scott serrano sharma sharp
    shaw shelton sherman shim silva simmons simon simpson sims singh snyder solis soto spencer stanley steele stein stephens stevens stevenson stewart stone strickland suarez sullivan summers
    sutton suzuki swanson sweeney takahashi tan tanaka tate taylor thomas thompson thomson thornton torres tran trujillo tucker turner tyler underwood valdez valencia vargas vasquez
    vaughn vazquez vega velasquez vo vu wade wagner walker wallace walsh walters walton wang ward warner warren washington watanabe waters watkins watson watts weaver webb weber webster weiss welch
    wells west wheeler white whitaker wilkins williams williamson willis wilson winters wise wolf wolfe wong wood woods wright wu xu yamamoto yang yates yilmaz yoder yoon young yu zamora zhang zhao
    zhou zhu ziegler zimmerman
    """.split()
)

STATES = frozenset(
    """
    alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois indiana iowa kansas kentucky louisiana maine maryland
    massachusetts michigan minnesota mississippi missouri montana nebraska nevada ohio oklahoma oregon pennsylvania tennessee texas utah vermont virginia washington wisconsin wyoming
    ontario quebec québec manitoba saskatchewan alberta newfoundland queensland tasmania bavaria bayern yorkshire lancashire cornwall wales scotland
    """.split()
) | {
    "new hampshire",
    "new jersey",
    "new mexico",
    "new york",
    "north carolina",
    "north dakota",
    "rhode island",
    "south carolina",
    "south dakota",
    "west virginia",
    "british columbia",
    "nova scotia",
    "new brunswick",
    "new south wales",
    "puerto rico",
}
STATE_CODES = frozenset(
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR "
    "ON QC BC AB SK MB NB NS PE NL NSW VIC QLD TAS".split()
)
CITIES = frozenset(
    """
    albuquerque amsterdam anchorage athens atlanta austin baltimore barcelona belfast berlin birmingham boise bordeaux boston brisbane bristol brooklyn brussels budapest buffalo
    calgary cambridge cardiff charlotte chicago cincinnati cleveland cologne columbus copenhagen dallas denver detroit dresden dublin durham edinburgh edmonton frankfurt geneva glasgow
    halifax hamburg hanoi hartford heidelberg helsinki honolulu houston indianapolis istanbul jacksonville kyoto leeds leicester leipzig lisbon liverpool london louisville lyon madison madrid
    manchester manhattan marseille melbourne memphis miami milan milwaukee minneapolis montreal montréal moscow mumbai munich münchen nashville newcastle norfolk nottingham oakland omaha orlando oslo
    ottawa oxford paris perth philadelphia phoenix pittsburgh portland prague queens raleigh richmond rochester rome rotterdam sacramento salem scottsdale seattle seoul
    sheffield shanghai singapore southampton spokane springfield stockholm stuttgart sydney syracuse taipei tampa tokyo toledo toronto tucson tulsa turin utrecht vancouver vienna
    warsaw wichita winnipeg zurich zürich aarhus odense aalborg gothenburg beijing delhi bangalore chennai hyderabad kolkata lagos nairobi cairo johannesburg auckland wellington houston
    """.split()
) | {
    "new york city",
    "los angeles",
    "san francisco",
    "san diego",
    "san antonio",
    "san jose",
    "las vegas",
    "new orleans",
    "kansas city",
    "st. louis",
    "saint louis",
    "st louis",
    "salt lake city",
    "fort worth",
    "el paso",
    "ann arbor",
    "palo alto",
    "hong kong",
    "ho chi minh city",
    "tel aviv",
    "mexico city",
    "buenos aires",
    "sao paulo",
    "cape town",
    "santa fe",
    "santa barbara",
    "long beach",
    "colorado springs",
}
